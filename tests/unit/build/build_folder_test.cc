#include "imagebuild/build/build_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "tests/unit/build/scratch.h"

namespace kontain::image::build {
namespace {

namespace fs = std::filesystem;

size_t names_in(const fs::path& folder) {
  return static_cast<size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST_CASE("a build's folder goes with the build") {
  const Scratch scratch;
  const auto store = Store::open((scratch / "store").string());
  REQUIRE(store);
  std::string path;
  {
    auto folder = BuildFolder::create(*store);
    REQUIRE(folder);
    path = folder->path();
    const BuildFolder moved = std::move(*folder);
    CHECK(moved.path() == path);
    fs::create_directories(path + "/deep/er");
    auto second = BuildFolder::create(*store);
    REQUIRE(second);
    CHECK(second->path() != path);
    CHECK(fs::exists(path + "/deep/er"));
    REQUIRE(remove_abandoned_builds(*store));
    CHECK(fs::exists(path + "/deep/er"));
    CHECK(names_in(scratch / "store/build") == 4);
  }
  CHECK(names_in(scratch / "store/build") == 0);
}

TEST_CASE("what nobody holds the lock of is removed, at whatever step the removal was ended before") {
  const Scratch scratch;
  const auto store = Store::open((scratch / "store").string());
  REQUIRE(store);
  REQUIRE(remove_abandoned_builds(*store));
  scratch.file("store/build/7-0.lock", "");
  scratch.file("store/build/7-0/root0/file", "x", 0);
  fs::permissions(scratch / "store/build/7-0/root0", fs::perms::none);
  scratch.file("store/build/8-0.lock", "");
  scratch.file("outside/file");
  scratch.file("store/build/9-0.lock", "");
  fs::create_directory_symlink(scratch / "outside", scratch / "store/build/9-0");
  REQUIRE(remove_abandoned_builds(*store));
  CHECK(names_in(scratch / "store/build") == 0);
  CHECK(fs::exists(scratch / "outside/file"));
}

TEST_CASE("containers that others can write to are not touched, and their folder stays") {
  const Scratch scratch;
  const auto store = Store::open((scratch / "store").string());
  REQUIRE(store);
  scratch.file("store/build/7-0.lock", "");
  scratch.file("store/build/7-0/state/box/state.json", "{}");
  fs::permissions(scratch / "store/build/7-0/state", fs::perms::all);
  const auto removed = remove_abandoned_builds(*store);
  REQUIRE_FALSE(removed);
  CHECK(removed.error().message().find("others can write to this folder") != std::string::npos);
  CHECK(fs::exists(scratch / "store/build/7-0/state/box/state.json"));
}

TEST_CASE("a build that begins removes what is abandoned, and takes another name than one in use") {
  const Scratch scratch;
  const auto store = Store::open((scratch / "store").string());
  REQUIRE(store);
  const std::string own = std::to_string(getpid()) + "-";
  scratch.file("store/build/7-0.lock", "");
  scratch.file("store/build/7-0/file");
  scratch.file("store/build/" + own + "0.lock", "");
  const UniqueFd held(open((scratch / ("store/build/" + own + "0.lock")).c_str(), O_RDWR | O_CLOEXEC));
  REQUIRE(flock(held.get(), LOCK_EX | LOCK_NB) == 0);
  const auto folder = BuildFolder::create(*store);
  REQUIRE(folder);
  CHECK(folder->path() == (scratch / ("store/build/" + own + "1")).string());
  CHECK_FALSE(fs::exists(scratch / "store/build/7-0"));
  CHECK(fs::exists(scratch / ("store/build/" + own + "0.lock")));
}

}  // namespace
}  // namespace kontain::image::build
