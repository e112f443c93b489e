#include "krun/sandbox/paths.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>

namespace kontain::krun::sandbox {
namespace {

namespace fs = std::filesystem;

struct Scratch {
  Scratch() {
    char name[] = "/tmp/krun-paths-XXXXXX";
    top = mkdtemp(name);
    fs::create_directories(top / "root");
    fs::create_directories(top / "outside");
    root = UniqueFd(open((top / "root").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  ~Scratch() { fs::remove_all(top); }
  fs::path top;
  UniqueFd root;
};

TEST_CASE("paths are cleaned") {
  CHECK(clean_path("/a/../../b//./c/") == "/b/c");
  CHECK(clean_path("..") == "/");
  CHECK(parent_of("/a") == "/");
  CHECK(parent_of("/a/b") == "/a");
  CHECK(name_of("/a/b") == "b");
}

TEST_CASE("no link leads out of the root") {
  const Scratch scratch;
  fs::create_symlink(scratch.top / "outside", scratch.top / "root/absolute");
  fs::create_symlink("../../outside", scratch.top / "root/relative");
  fs::create_symlink("/proc/self/root", scratch.top / "root/magic");
  for (const char* path : {"/absolute/x", "/relative/x", "/magic/x"}) {
    INFO(path);
    static_cast<void>(make_folder_in_root(scratch.root.get(), path));
    static_cast<void>(make_file_in_root(scratch.root.get(), std::string(path) + "/file"));
  }
  CHECK(fs::is_empty(scratch.top / "outside"));
}

TEST_CASE("missing folders and files are made") {
  const Scratch scratch;
  REQUIRE(make_folder_in_root(scratch.root.get(), "/a/b/c"));
  CHECK(fs::is_directory(scratch.top / "root/a/b/c"));
  REQUIRE(make_file_in_root(scratch.root.get(), "/d/e/file"));
  CHECK(fs::is_regular_file(scratch.top / "root/d/e/file"));
  CHECK_FALSE(make_folder_in_root(scratch.root.get(), "/d/e/file/below"));
}

}  // namespace
}  // namespace kontain::krun::sandbox
