#include "km/core/core_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace kontain;
using namespace kontain::core;
namespace fs = std::filesystem;

namespace {

CoreNames names() {
  return {.pid = 12,
          .initial_pid = 4012,
          .tid = 13,
          .initial_tid = 4013,
          .uid = 1000,
          .gid = 100,
          .signal = 11,
          .time = 1700000000,
          .limit = 65536,
          .cpu = 3,
          .host_name = "box",
          .command = "my prog",
          .executable = "/usr/bin/my-program"};
}

std::string path(std::string_view pattern, bool uses_pid = false) {
  return core_path(pattern, uses_pid, names()).value_or("(none)");
}

// A directory that is removed again.
class Scratch {
 public:
  Scratch() {
    char name[] = "/tmp/kontain-core-dir-XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    path_ = name;
    umask_ = umask(022);
  }
  ~Scratch() {
    umask(umask_);
    fs::remove_all(path_);
  }
  std::string operator/(const std::string& name) const { return path_ / name; }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path_ / name) << text; }
  std::string read(const std::string& name) const {
    std::ifstream file(path_ / name);
    return {(std::istreambuf_iterator<char>(file)), {}};
  }

 private:
  fs::path path_;
  mode_t umask_ = 0;
};

}  // namespace

TEST_CASE("a core's name follows the pattern") {
  CHECK(path("core\n") == "core");
  CHECK(path("core", true) == "core.12");
  CHECK(path("core.%p", true) == "core.12");
  CHECK(path("core.%%p", true) == "core.%p.12");
  CHECK(path("%P %i %I %u %g %d") == "4012 13 4013 1000 100 1");
  CHECK(path("%s-%t-%c-%C") == "11-1700000000-65536-3");
  CHECK(path("/var/cores/%h.%e.%f.%E") == "/var/cores/box.my prog.my-program.!usr!bin!my-program");
  CHECK(path("a%zb%") == "ab");
}

TEST_CASE("patterns that name no file") {
  CHECK(path("|/usr/share/apport/apport %p") == "(none)");
  CHECK(path("@/run/coredump.socket") == "(none)");
  CHECK(path("\n") == "(none)");
  CHECK(path("", true) == ".12");
}

TEST_CASE("names of the payload's choice cannot lead out of the folder") {
  CoreNames hostile = names();
  for (const auto& [command, wanted] :
       {std::pair("..", "x/!./core"), {".", "x/!/core"}, {"../../etc", "x/..!..!etc/core"}, {"", "x/!/core"}}) {
    hostile.command = command;
    CHECK(core_path("x/%e/core", false, hostile) == wanted);
  }
  hostile.host_name = "a/b";
  CHECK(core_path("%h", false, hostile) == "a!b");
}

TEST_CASE("a core file is new, private and empty") {
  const Scratch scratch;
  const auto file = create_core_file(scratch / "core");
  REQUIRE(file);
  struct stat status = {};
  REQUIRE(fstat(file->get(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
  CHECK(status.st_size == 0);
  CHECK((fcntl(file->get(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("an old core is replaced, never written through") {
  const Scratch scratch;
  scratch.write("precious", "keep me");
  SECTION("a hard link") { fs::create_hard_link(scratch / "precious", scratch / "core"); }
  SECTION("a symbolic link") { fs::create_symlink(scratch / "precious", scratch / "core"); }
  SECTION("a dangling link") { fs::create_symlink(scratch / "elsewhere", scratch / "core"); }
  SECTION("a FIFO") { REQUIRE(mkfifo((scratch / "core").c_str(), 0666) == 0); }
  const auto file = create_core_file(scratch / "core");
  REQUIRE(file);
  REQUIRE(write(file->get(), "dump", 4) == 4);
  CHECK(scratch.read("core") == "dump");
  CHECK(scratch.read("precious") == "keep me");
  CHECK_FALSE(fs::exists(scratch / "elsewhere"));
}

TEST_CASE("a directory in the way stays") {
  const Scratch scratch;
  fs::create_directory(scratch / "core");
  const auto file = create_core_file(scratch / "core");
  REQUIRE_FALSE(file);
  CHECK(file.error().errno_value == EEXIST);
}

TEST_CASE("a folder of the path may be a link, but not a magic one") {
  const Scratch scratch;
  fs::create_directory(scratch / "real");
  fs::create_symlink("real", scratch / "link");
  CHECK(create_core_file(scratch / "link/core"));
  CHECK(fs::exists(scratch / "real/core"));
  fs::create_symlink("/proc/self/cwd", scratch / "magic");
  const auto file = create_core_file(scratch / "magic/core");
  REQUIRE_FALSE(file);
  CHECK(file.error().errno_value == ELOOP);
}

TEST_CASE("a umask that changes the mode leaves nothing to write to") {
  const Scratch scratch;
  umask(0400);
  CHECK_FALSE(create_core_file(scratch / "core"));
}
