#include <fcntl.h>

#include <filesystem>

#include "imagebuild/runenv/make_programs.h"
#include "imagebuild/runenv/packages.h"
#include "imagebuild/runenv/recipe.h"
#include "tests/unit/build/scratch.h"

using namespace kontain;
using namespace kontain::image;
using namespace kontain::image::runenv;

namespace {

const std::string kHex(64, 'a');

std::string lock_of(const std::string& fields) { return "{\"debian\": [{" + fields + "}]}"; }

std::string names(const Result<std::vector<Recipe>>& recipes) {
  if (!recipes) return recipes.error().message();
  std::string out;
  for (const Recipe& recipe : *recipes) out += recipe.name + " ";
  return out;
}

void write_recipe(const build::Scratch& scratch, const std::string& name, const std::string& uses) {
  scratch.file(name + "/recipe.json", "{\"description\": \"d\", \"uses\": [" + uses + "]}");
  scratch.file(name + "/lock.json", "{}");
  scratch.file(name + "/Dockerfile", "FROM scratch\n");
}

UniqueFd opened(const build::Scratch& scratch, const std::string& name) {
  return UniqueFd(open((scratch / name).c_str(), O_RDONLY | O_CLOEXEC));
}

}  // namespace

TEST_CASE("a lock file pins name, version, digest and size") {
  const auto lock = parse_lock("{\"debian\": [{\"name\": \"libc6\", \"version\": \"2.36-9+deb12u1\", \"sha256\": \"" +
                                   kHex + "\", \"size\": 5}], \"npm\": []}",
                               "lock.json");
  REQUIRE(lock);
  REQUIRE(lock->size() == 1);
  CHECK((*lock)[0].name == "libc6");
  CHECK((*lock)[0].digest.hex() == kHex);
  CHECK((*lock)[0].size == 5);
}

TEST_CASE("a lock file names the files of source packages") {
  const auto lock_with = [](const std::string& file) {
    return parse_lock("{\"source\": [{\"name\": \"zlib\", \"version\": \"1:1.2-1\", " + file + "\"sha256\": \"" + kHex +
                          "\", \"size\": 5}]}",
                      "lock.json");
  };
  const auto lock = lock_with("\"file\": \"zlib_1.2.orig.tar.gz\", ");
  REQUIRE(lock);
  CHECK((*lock)[0].registry == Registry::Source);
  CHECK((*lock)[0].file == "zlib_1.2.orig.tar.gz");
  CHECK_FALSE(lock_with(""));
  CHECK_FALSE(lock_with("\"file\": \"../zlib\", "));
  CHECK_FALSE(lock_with("\"file\": \"a/b\", "));
  CHECK_FALSE(parse_lock(
      lock_of("\"name\": \"a\", \"version\": \"1\", \"file\": \"a\", \"sha256\": \"" + kHex + "\", \"size\": 5"),
      "lock.json"));
}

TEST_CASE("lock files of strangers are refused") {
  const std::string rest = "\"version\": \"1\", \"sha256\": \"" + kHex + "\", \"size\": 5";
  for (const std::string& text :
       {std::string("[]"), std::string("{\"debian\": {}}"), std::string("{\"debian\": [1]}"), std::string("{"),
        lock_of("\"name\": \"-o\", " + rest), lock_of("\"name\": \"a/../b\", " + rest),
        lock_of("\"name\": \"a;b\", " + rest), lock_of(rest),
        lock_of("\"name\": \"a\", \"version\": \"1\", \"sha256\": \"aa\", \"size\": 5"),
        lock_of("\"name\": \"a\", \"version\": \"1\", \"sha256\": \"" + kHex + "\"")}) {
    CAPTURE(text);
    CHECK_FALSE(parse_lock(text, "lock.json"));
  }
}

TEST_CASE("recipes are built behind those they use") {
  build::Scratch scratch;
  write_recipe(scratch, "base", "");
  write_recipe(scratch, "glibc", "\"base\"");
  write_recipe(scratch, "python", "\"glibc\", \"base\"");
  write_recipe(scratch, "circle", "\"circle\"");
  write_recipe(scratch, "lost", "\"nothing\"");
  const auto all = list_recipes((scratch / "").string());
  CHECK(names(all) == "base circle glibc lost python ");
  CHECK(names(build_order(*all, "python")) == "base glibc python ");
  CHECK(names(build_order(*all, "circle")) == "runenv: circle: it uses itself");
  CHECK(names(build_order(*all, "lost")) == "runenv: nothing: there is no such recipe");
  CHECK(names(build_order(*all, "x")) == "runenv: x: there is no such recipe");
}

TEST_CASE("a recipe's digest is that of its files and of those it uses") {
  build::Scratch scratch;
  write_recipe(scratch, "base", "");
  write_recipe(scratch, "top", "\"base\"");
  const auto digest = [&] {
    const auto all = list_recipes((scratch / "").string());
    REQUIRE(all);
    const auto found = recipe_digest(*all, all->back());
    REQUIRE(found);
    return *found;
  };
  const Digest first = digest();
  CHECK(digest() == first);
  scratch.file("base/Dockerfile", "FROM scratch\nLABEL a=b\n");
  CHECK(digest() != first);
}

TEST_CASE("the recipes of this tree can be read and ordered") {
  const auto all = list_recipes(std::string(KONTAIN_SOURCE_DIR) + "/runenv");
  REQUIRE(all);
  CHECK(all->size() >= 5);
  for (const Recipe& recipe : *all) {
    CAPTURE(recipe.name);
    CHECK(build_order(*all, recipe.name));
    CHECK_FALSE(recipe.description.empty());
    for (const LockedPackage& package : recipe.packages) CHECK(package.size > 0);
  }
}

TEST_CASE("Debian packages of strangers are refused") {
  build::Scratch scratch;
  scratch.file("none", "");
  scratch.file("text", "no package");
  scratch.file("short", "!<arch>\ndata");
  scratch.file("size", "!<arch>\n" + std::string("control.tar     ") + std::string(32, ' ') + "-1        `\n");
  scratch.file("end", "!<arch>\n" + std::string("control.tar     ") + std::string(32, ' ') + "4         `\nabcd");
  for (const char* name : {"none", "text", "short", "size", "end"}) {
    CAPTURE(name);
    CHECK_FALSE(open_deb(opened(scratch, name), name));
  }
}

namespace {

// A recipe "made" whose file "make" is `script`, and its digest.
Recipe recipe_that_makes(const build::Scratch& scratch, const std::string& script) {
  write_recipe(scratch, "made", "");
  scratch.file("made/make", "#!/bin/sh\n" + script, 0755);

  return *read_recipe((scratch / "made").string());
}

}  // namespace

TEST_CASE("what a recipe makes of sources is kept") {
  build::Scratch scratch;
  const Recipe recipe =
      recipe_that_makes(scratch, "echo x >>'" + (scratch / "runs").string() +
                                     "'; cp -R \"$1\" \"$2/copy\"; ln -s copy \"$2/link\"; touch here\n");
  CHECK(recipe.has_programs);
  const std::string cache = (scratch / "cache").string();
  for (const char* name : {"one", "two"}) {
    scratch.file(std::string(name) + "/source/a.tar", "text");
    const std::string folder = (scratch / name).string();
    const auto made = make_programs(recipe, folder, cache);
    INFO((made ? "" : made.error().message()));
    REQUIRE(made);
    CHECK(std::filesystem::file_size(folder + "/made/copy/a.tar") == 4);
    CHECK(std::filesystem::read_symlink(folder + "/made/link") == "copy");
    CHECK_FALSE(std::filesystem::exists(folder + "/fresh.work"));
  }
  CHECK(std::filesystem::file_size(scratch / "runs") == 2);  // once
}

TEST_CASE("a recipe that cannot be made says so with its last line, and is not kept") {
  build::Scratch scratch;
  const Recipe recipe = recipe_that_makes(scratch, "echo first; echo no compiler >&2; exit 3\n");
  scratch.file("one/source/a.tar", "text");
  const std::string cache = (scratch / "cache").string();
  const auto made = make_programs(recipe, (scratch / "one").string(), cache);
  REQUIRE_FALSE(made);
  CHECK(made.error().message().ends_with(": no compiler"));
  CHECK_FALSE(std::filesystem::exists(scratch / "one/made"));
}
