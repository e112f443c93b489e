#include "imagebuild/build/copy.h"

#include <unistd.h>

#include <cstdio>

#include "tests/unit/build/scratch.h"

using namespace kontain::image;
using namespace kontain::image::build;
namespace fs = std::filesystem;

namespace {

struct Copy {
  std::vector<std::string> sources;
  std::string destination;
  std::vector<InlineFile> inline_files = {};
  std::string ignore = {}, exclude = {}, mode = {};
  bool add = false, follow = true, parents = false;
  std::optional<Identity> owner = {};
};

CopyRequest request_of(const Copy& copy) {
  CopyRequest request;
  request.add = request.unpack = copy.add;
  request.sources = copy.sources;
  request.inline_files = copy.inline_files;
  request.destination = copy.destination;
  request.into_folder = copy.destination.ends_with('/');
  request.owner = copy.owner;
  request.follow_destination = copy.follow;
  request.parents = copy.parents;
  if (!copy.exclude.empty()) REQUIRE(request.exclude.add(copy.exclude));
  if (!copy.mode.empty()) request.mode = *ModeChange::parse(copy.mode);
  return request;
}

// The layer's entries, one a line: mode owner path -> target.
std::string copied(const Scratch& scratch, const Copy& copy, const ImageTree& tree = {},
                   std::shared_ptr<const ImageTree> from = nullptr) {
  CopySource source{scratch.open(), {}, "the context", std::move(from)};
  source.ignore = *context::IgnoreList::parse(copy.ignore, "ignore");
  const auto files = copy_files(request_of(copy), source, tree);
  if (!files) return files.error().message();
  std::string out;
  for (const LayerFile& file : *files) {
    char mode[16];
    std::snprintf(mode, sizeof mode, "%o", file.entry.mode);
    out += std::string(mode) + " " + std::to_string(file.entry.uid == geteuid() ? 0 : file.entry.uid) + " " +
           file.entry.path;
    if (file.entry.type == EntryType::Directory) out += "/";
    if (!file.entry.link_target.empty()) out += " -> " + file.entry.link_target;
    out += "\n";
  }
  return out;
}

ImageTree tree_of(const LayerFiles& files) {
  ImageTree tree;
  REQUIRE(tree.apply(files));
  return tree;
}

LayerFile entry(const std::string& path, EntryType type, uint32_t mode, const std::string& target = "") {
  LayerFile file;
  file.entry.path = path;
  file.entry.type = type;
  file.entry.mode = mode;
  file.entry.link_target = target;
  return file;
}

}  // namespace

TEST_CASE("a file is copied to a name or into a folder") {
  Scratch scratch;
  scratch.file("a", "x", 0600);
  scratch.file("run.sh", "x", 0775);
  CHECK(copied(scratch, {{"a"}, "/b"}) == "644 0 b\n");
  CHECK(copied(scratch, {{"a"}, "/d/"}) == "755 0 d/\n644 0 d/a\n");
  CHECK(copied(scratch, {{"a", "run.sh"}, "/d/"}) == "755 0 d/\n644 0 d/a\n755 0 d/run.sh\n");
  CHECK(copied(scratch, {{"a", "run.sh"}, "/d"}) ==
        "COPY: /d: several files need a folder: end the destination with /");
  const ImageTree tree = tree_of({entry("d", EntryType::Directory, 01777)});
  CHECK(copied(scratch, {{"a"}, "/d"}, tree) == "1777 0 d/\n644 0 d/a\n");
}

TEST_CASE("of a folder what is in it is copied") {
  Scratch scratch;
  scratch.file("src/x/y");
  scratch.file("src/z");
  fs::create_symlink("z", scratch / "src/link");
  CHECK(copied(scratch, {{"src"}, "/app"}) ==
        "755 0 app/\n777 0 app/link -> z\n755 0 app/x/\n644 0 app/x/y\n644 0 app/z\n");
  CHECK(copied(scratch, {{"src/"}, "/"}) == "777 0 link -> z\n755 0 x/\n644 0 x/y\n644 0 z\n");
  CHECK(copied(scratch, {{"."}, "/"}).starts_with("755 0 src/\n"));
  CHECK(copied(scratch, {{"src"}, "/app", {}, "", "x"}) == "755 0 app/\n777 0 app/link -> z\n644 0 app/z\n");
  CHECK(copied(scratch, {{"src/x/y"}, "/o/", {}, "", "", "", false, true, true}) ==
        "755 0 o/\n755 0 o/src/\n755 0 o/src/x/\n644 0 o/src/x/y\n");
}

TEST_CASE("links among the sources are followed, but not outside") {
  Scratch scratch;
  scratch.file("real/f");
  fs::create_symlink("real", scratch / "link");
  fs::create_symlink("/etc", scratch / "outside");
  CHECK(copied(scratch, {{"link"}, "/d/"}) == "755 0 d/\n644 0 d/f\n");
  CHECK(copied(scratch, {{"outside/passwd"}, "/d/"}) == "COPY: outside/passwd: no such file in the context");
}

TEST_CASE("what .dockerignore leaves out does not exist") {
  Scratch scratch;
  scratch.file("a");
  scratch.file("b");
  CHECK(copied(scratch, {{"."}, "/", {}, "a"}) == "644 0 b\n");
  CHECK(copied(scratch, {{"*"}, "/", {}, "a"}) == "644 0 b\n");
  CHECK(copied(scratch, {{"a"}, "/", {}, "a"}) == "COPY: a: it is left out by .dockerignore");
  CHECK(copied(scratch, {{"nothing*"}, "/"}) == "COPY: nothing*: no file in the context matches");
}

TEST_CASE("links in the destination are followed") {
  Scratch scratch;
  scratch.file("a");
  const ImageTree tree =
      tree_of({entry("usr", EntryType::Directory, 0755), entry("usr/lib", EntryType::Directory, 0711),
               entry("lib", EntryType::Symlink, 0777, "usr/lib"), entry("f", EntryType::File, 0644)});
  CHECK(copied(scratch, {{"a"}, "/lib/"}, tree) == "755 0 usr/\n711 0 usr/lib/\n644 0 usr/lib/a\n");
  CHECK(copied(scratch, {{"a"}, "/lib/", {}, "", "", "", false, false}, tree) == "755 0 lib/\n644 0 lib/a\n");
  CHECK(copied(scratch, {{"a"}, "/f/"}, tree) == "COPY: /f/: it is no folder in the image");
  CHECK(copied(scratch, {{"a"}, "/f/x"}, tree) == "COPY: f: it is no folder in the image");
}

TEST_CASE("owners and modes") {
  Scratch scratch;
  scratch.file("a");
  Copy copy{{"a"}, "/d/e/"};
  copy.owner = Identity{7, 8, {}, "/"};
  copy.mode = "u+s,go-r";
  CHECK(copied(scratch, copy) == "755 7 d/\n755 7 d/e/\n4600 7 d/e/a\n");
  // From an image both stay.
  scratch.file("b", "x", 0640);
  auto from = std::make_shared<ImageTree>();
  LayerFile known = entry("b", EntryType::File, 04750);
  known.entry.uid = 42;
  REQUIRE(from->apply({known}));
  CHECK(copied(scratch, {{"b"}, "/b"}, {}, from) == "4750 42 b\n");
}

TEST_CASE("names of one file of a stage are hard links") {
  Scratch scratch;
  scratch.file("z/1", "same");
  scratch.file("dummy");
  fs::create_directory(scratch / "a");
  fs::create_hard_link(scratch / "z/1", scratch / "a/2");
  fs::create_hard_link(scratch / "z/1", scratch / "a-3");
  auto from = std::make_shared<ImageTree>();
  CHECK(copied(scratch, {{"z/1", "a/2", "a-3"}, "/d/"}, {}, from) ==
        "755 0 d/\n644 0 d/1\n644 0 d/2 -> d/1\n644 0 d/a-3 -> d/1\n");
  // Whichever name comes first in the layer is the file.
  CHECK(copied(scratch, {{"z", "a"}, "/d/"}, {}, from) == "755 0 d/\n644 0 d/1\n644 0 d/2 -> d/1\n");
  CHECK(copied(scratch, {{"z/1", "a-3", "a/2"}, "/d/", {}, "", "", "", false, true, true}, {}, from) ==
        "755 0 d/\n755 0 d/a/\n644 0 d/a/2\n644 0 d/a-3 -> d/a/2\n755 0 d/z/\n644 0 d/z/1 -> d/a/2\n");
  CHECK(copied(scratch, {{"z/1", "a/2"}, "/d/"}) == "755 0 d/\n644 0 d/1\n644 0 d/2\n");
}

TEST_CASE("here-documents become files") {
  Scratch scratch;
  CHECK(copied(scratch, {{}, "/d/", {{"one", "1"}, {"two", "2"}}}) == "755 0 d/\n644 0 d/one\n644 0 d/two\n");
  CHECK(copied(scratch, {{}, "/f", {{"one", "1"}}}) == "644 0 f\n");
  CHECK(copied(scratch, {{}, "/d/", {{"..", "1"}}}) == "COPY: ..: it is no name for a file");
}

TEST_CASE("names that mean something in a layer are refused") {
  Scratch scratch;
  scratch.file("src/.wh.x");
  CHECK(copied(scratch, {{"src"}, "/d"}) == "COPY: d/.wh.x: names that begin with .wh. cannot be in a layer");
}

TEST_CASE("ADD unpacks archives and copies everything else") {
  Scratch scratch;
  scratch.file("in/one/two", "text", 0640);
  scratch.file("plain.tar", "no tar at all");
  for (const char* option : {"", "z", "j", "J"}) {
    const std::string command = "tar -C " + (scratch / "in").string() + " --owner=5 --group=6 -c" + option + "f " +
                                (scratch / "a.tar").string() + " one";
    REQUIRE(std::system(command.c_str()) == 0);
    CAPTURE(option);
    CHECK(copied(scratch, {{"a.tar"}, "/d", {}, "", "", "", true}) == "755 0 d/\n755 5 d/one/\n640 5 d/one/two\n");
  }
  scratch.file("in/.wh.one", "no whiteout");
  const std::string whiteout =
      "tar -C " + (scratch / "in").string() + " -cf " + (scratch / "wh.tar").string() + " .wh.one";
  REQUIRE(std::system(whiteout.c_str()) == 0);
  CHECK(copied(scratch, {{"wh.tar"}, "/d", {}, "", "", "", true}) ==
        "ADD: d/.wh.one: names that begin with .wh. cannot be in a layer");
  CHECK(copied(scratch, {{"a.tar"}, "/d/"}) == "755 0 d/\n644 0 d/a.tar\n");
  CHECK(copied(scratch, {{"plain.tar"}, "/d/", {}, "", "", "", true}) == "755 0 d/\n644 0 d/plain.tar\n");
}
