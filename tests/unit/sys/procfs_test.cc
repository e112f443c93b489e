// What a payload finds in /proc and on every way there. The test program stands for the monitor: its own files there
// are what must not show.
#include <fcntl.h>
#include <linux/openat2.h>

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <cstring>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "km/sys/new_fds.h"
#include "km/sys/paths.h"
#include "tests/unit/sys/guest.h"

namespace kontain::test {
namespace {

std::string text_of(const void* address, int64_t size) {
  return size < 0 ? "error " + std::to_string(-size)
                  : std::string(static_cast<const char*>(address), static_cast<size_t>(size));
}

std::string read_fd(Guest& guest, int64_t fd) {
  auto* buffer = static_cast<char*>(guest.allocate(16384));
  return fd < 0 ? "error " + std::to_string(-fd) : text_of(buffer, guest.call("pread64", fd, buffer, 16384, 0));
}

std::string read_path(Guest& guest, const std::string& path, int64_t directory = AT_FDCWD) {
  const int64_t fd = guest.call("openat", directory, guest.text(path), O_RDONLY, 0);
  const std::string text = read_fd(guest, fd);
  if (fd >= 0) guest.call("close", fd);
  return text;
}

std::string link_at(Guest& guest, const std::string& path, int64_t directory = AT_FDCWD) {
  auto* buffer = static_cast<char*>(guest.allocate(4096));
  return text_of(buffer, guest.call("readlinkat", directory, guest.text(path), buffer, 4096));
}

// Ways to the folder /proc/self that a payload may try.
std::vector<std::string> ways_to_self() {
  const std::string own = std::to_string(getpid());
  return {"/proc/self",
          "/proc/" + own,
          "/proc/thread-self",
          "/proc/self/task/" + own,
          "//proc/./self//",
          "/proc/self/../" + own,
          "/proc/self/root/proc/self",
          "/proc/self/root/../proc/thread-self/root/proc/self"};
}

const std::string kDenied = "error " + std::to_string(EACCES);
const std::string kMissing = "error " + std::to_string(ENOENT);

TEST_CASE("the executable is the payload's") {
  Guest guest;
  guest.process().set_executable("/dev/null");
  auto* info = guest.make<struct stat>();
  auto* extended = guest.make<struct statx>();
  for (const std::string& way : ways_to_self()) {
    INFO(way);
    const char* text = guest.text(way + "/exe");
    CHECK(link_at(guest, way + "/exe") == "/dev/null");
    CHECK(guest.call("stat", text, info) == 0);
    CHECK(info->st_rdev == makedev(1, 3));
    CHECK(guest.call("statx", AT_FDCWD, text, 0, STATX_BASIC_STATS, extended) == 0);
    CHECK(makedev(extended->stx_rdev_major, extended->stx_rdev_minor) == makedev(1, 3));
    CHECK(guest.call("lstat", text, info) == 0);
    CHECK(S_ISLNK(info->st_mode));
    const int64_t fd = guest.call("open", text, O_RDONLY, 0);
    REQUIRE(fd >= 0);
    CHECK(guest.call("fstat", fd, info) == 0);
    CHECK(info->st_rdev == makedev(1, 3));
    guest.call("close", fd);
  }
}

TEST_CASE("links and folders of the payload lead to its executable, too") {
  Guest guest;
  guest.process().set_executable("/dev/null");
  const ScratchDirectory scratch;
  REQUIRE(symlink("/proc/self/exe", (scratch / "exe").c_str()) == 0);
  auto* info = guest.make<struct stat>();
  CHECK(link_at(guest, scratch / "exe") == "/proc/self/exe");
  CHECK(guest.call("stat", guest.text(scratch / "exe"), info) == 0);
  CHECK(info->st_rdev == makedev(1, 3));
  const int64_t self = guest.call("open", guest.text("/proc/self"), O_RDONLY | O_DIRECTORY, 0);
  CHECK(link_at(guest, "exe", self) == "/dev/null");
  CHECK(guest.call("newfstatat", self, guest.text("exe"), info, 0) == 0);
  CHECK(info->st_rdev == makedev(1, 3));
  const int64_t link = guest.call("open", guest.text("/proc/self/exe"), O_PATH | O_NOFOLLOW, 0);
  CHECK(link_at(guest, "", link) == "/dev/null");
  CHECK(guest.call("open", guest.text("/proc/self/exe"), O_RDONLY | O_NOFOLLOW, 0) == -ELOOP);
  guest.call("close", link);
  guest.call("close", self);
}

TEST_CASE("the executable stays when its name is gone") {
  Guest guest;
  const ScratchDirectory scratch;
  const UniqueFd program(open((scratch / "program").c_str(), O_RDWR | O_CREAT, 0700));
  REQUIRE(write(program.get(), "program", 7) == 7);
  guest.process().set_executable(scratch / "program");
  guest.process().executable_fd = program.get();
  unlink((scratch / "program").c_str());
  CHECK(read_path(guest, "/proc/self/exe") == "program");
}

TEST_CASE("an executable file is found by the same rules, for execve") {
  Guest guest;
  guest.process().set_executable("/bin/sh");
  struct stat wanted;
  REQUIRE(stat("/bin/sh", &wanted) == 0);
  for (const char* path : {"/bin/sh", "/proc/self/exe"}) {
    const auto program = sys::open_program(guest.task(), sys::kCurrentDirectory, path, 0);
    REQUIRE(program);
    CHECK(guest.process().fds().is_monitor_fd(program->get()));
    struct stat info;
    REQUIRE(fstat(program->get(), &info) == 0);
    CHECK(info.st_ino == wanted.st_ino);
  }
  CHECK(sys::open_program(guest.task(), sys::kCurrentDirectory, "/proc/1/exe", 0).error() == sys::Errno{EACCES});
  CHECK(sys::open_program(guest.task(), sys::kCurrentDirectory, "/proc/self/maps", 0).error() == sys::Errno{EACCES});
  const int64_t file = guest.call("open", guest.text("/bin/sh"), O_PATH, 0);
  CHECK(sys::open_program(guest.task(), sys::DirFd(static_cast<int>(file)), "", AT_EMPTY_PATH));
  guest.call("close", file);
}

TEST_CASE("what shows or changes the monitor is refused, whatever path leads to it") {
  Guest guest;
  for (const char* name :
       {"mem", "pagemap", "numa_maps", "syscall", "stack", "clear_refs", "map_files", "map_files/1-2"}) {
    for (const std::string& way : ways_to_self()) {
      INFO(way << "/" << name);
      const int64_t result = guest.call("open", guest.text(way + "/" + name), O_RDONLY, 0);
      // Threads have no map_files; a file that is for writing alone is denied to other users by the host.
      CHECK((result == -EACCES || (result == -ENOENT && std::string_view(name).starts_with("map_files"))));
    }
  }
  const int64_t self = guest.call("open", guest.text("/proc/self"), O_RDONLY | O_DIRECTORY, 0);
  REQUIRE(self >= 0);
  CHECK(read_path(guest, "mem", self) == kDenied);
  CHECK(read_path(guest, "root/proc/self/mem", self) == kDenied);
  CHECK(guest.call("openat", self, guest.text("mem"), O_RDWR, 0) == -EACCES);
  CHECK(guest.call("openat", self, guest.text("mem"), O_PATH, 0) == -EACCES);
  const std::string by_number = "/proc/self/fd/" + std::to_string(self);
  CHECK(read_path(guest, by_number + "/mem") == kDenied);
  CHECK(read_path(guest, "/dev/fd/" + std::to_string(self) + "/mem") == kDenied);
  const ScratchDirectory scratch;
  REQUIRE(symlink("/proc/self/mem", (scratch / "file").c_str()) == 0);
  REQUIRE(symlink("/proc", (scratch / "folder").c_str()) == 0);
  CHECK(read_path(guest, scratch / "file") == kDenied);
  CHECK(read_path(guest, scratch / "folder/self/mem") == kDenied);
  auto* how = guest.make<open_how>({O_RDONLY, 0, RESOLVE_NO_SYMLINKS});
  CHECK(guest.call("openat2", self, guest.text("mem"), how, sizeof *how) == -EACCES);
  how->resolve = RESOLVE_IN_ROOT;
  CHECK(guest.call("openat2", self, guest.text("mem"), how, sizeof *how) == -EACCES);
  for (const uint64_t resolve : {RESOLVE_NO_XDEV, RESOLVE_CACHED}) {
    how->resolve = resolve;
    const std::string other = "/proc/" + std::to_string(getppid()) + "/";
    CHECK(guest.call("openat2", AT_FDCWD, guest.text("/proc/self/mem"), how, sizeof *how) < 0);
    CHECK(guest.call("openat2", self, guest.text("../" + other.substr(6) + "root/etc/passwd"), how, sizeof *how) < 0);
  }
  how->resolve = RESOLVE_BENEATH;
  CHECK(guest.call("openat2", self, guest.text("root/etc/passwd"), how, sizeof *how) == -EXDEV);
  guest.call("close", self);
}

TEST_CASE("a descriptor that can only name a file does not become one that reads it") {
  Guest guest;
  const int64_t handle = guest.call("open", guest.text("/proc/self/maps"), O_PATH, 0);
  REQUIRE(handle >= 0);
  CHECK(read_path(guest, "/proc/self/fd/" + std::to_string(handle)).empty());  // the payload has no mappings here
  guest.call("close", handle);
}

TEST_CASE("other processes keep what natively only they and root may see") {
  Guest guest;
  const std::string other = "/proc/" + std::to_string(getppid());
  for (const char* name : {"maps", "mem", "environ", "auxv", "fd", "fdinfo", "io", "smaps", "exe", "personality"}) {
    INFO(name);
    CHECK(read_path(guest, other + "/" + name) == kDenied);
  }
  CHECK(link_at(guest, other + "/exe") == kDenied);
  CHECK(link_at(guest, other + "/cwd") == kDenied);
  CHECK(read_path(guest, other + "/root/etc/passwd") == kDenied);
  CHECK(guest.call("access", guest.text(other + "/root/etc"), 0) == -EACCES);
  CHECK(guest.call("chdir", guest.text(other + "/cwd")) == -EACCES);
  CHECK(guest.call("mkdir", guest.text(other + "/cwd/new"), 0700) == -EACCES);
  for (const char* name : {"stat", "status", "statm", "cmdline", "comm", "cgroup", "limits"}) {
    INFO(name);
    CHECK(read_path(guest, other + "/" + name).rfind("error", 0) != 0);
  }
}

TEST_CASE("the monitor's descriptors do not exist") {
  Guest guest;
  const std::string number = std::to_string(guest.monitor_fd());
  auto* info = guest.make<struct stat>();
  for (const std::string folder : {"/proc/self/fd/", "/dev/fd/", "/proc/thread-self/fd/", "/proc/self/root/dev/fd/"}) {
    INFO(folder);
    CHECK(read_path(guest, folder + number) == kMissing);
    CHECK(link_at(guest, folder + number) == kMissing);
    CHECK(guest.call("lstat", guest.text(folder + number), info) == -ENOENT);
    CHECK(guest.call("chmod", guest.text(folder + number), 0600) == -ENOENT);
  }
  CHECK(read_path(guest, "/proc/self/fdinfo/" + number) == kMissing);
  const int64_t again = guest.call("open", guest.text("/proc/self/fd/0"), O_PATH, 0);
  CHECK(again >= 0);
  guest.call("close", again);
}

TEST_CASE("the monitor's descriptors are not listed") {
  Guest guest;
  auto* buffer = static_cast<char*>(guest.allocate(65536));
  for (const char* path : {"/proc/self/fd", "/proc/self/fdinfo"}) {
    INFO(path);
    const int64_t folder = guest.call("open", guest.text(path), O_RDONLY | O_DIRECTORY, 0);
    std::string names;
    while (true) {
      const int64_t length = guest.call("getdents64", folder, buffer, 64);
      REQUIRE(length >= 0);
      if (length == 0) break;
      for (int64_t at = 0; at < length; at += *reinterpret_cast<uint16_t*>(buffer + at + 16)) {
        names += std::string(buffer + at + 19) + " ";
      }
    }
    CHECK(names.find(" " + std::to_string(guest.monitor_fd()) + " ") == std::string::npos);
    CHECK(names.find(" " + std::to_string(folder) + " ") != std::string::npos);
    guest.call("close", folder);
  }
}

TEST_CASE("start-up data is the payload's") {
  Guest guest;
  char* strings = static_cast<char*>(guest.allocate(64));
  std::memcpy(strings, "prog\0arg\0A=1\0B=2\0", 17);
  const auto start = reinterpret_cast<uint64_t>(strings);
  auto& image = guest.process().image;
  image.argument_start = start;
  image.argument_end = image.environment_start = start + 9;
  image.environment_end = start + 17;
  image.auxiliary_vector = {std::byte{6}, std::byte{0}};
  CHECK(read_path(guest, "/proc/self/cmdline") == std::string("prog\0arg\0", 9));
  CHECK(read_path(guest, "/proc/self/environ") == std::string("A=1\0B=2\0", 8));
  CHECK(read_path(guest, "/proc/self/auxv") == std::string("\6\0", 2));
  std::memcpy(strings, "a title of its own", 19);
  image.environment_end = start + 40;
  CHECK(read_path(guest, "/proc/self/cmdline") == std::string("a title of its own\0", 19));
}

TEST_CASE("a generated file is read-only, keeps its name and its flags") {
  Guest guest;
  const int64_t fd = guest.call("open", guest.text("/proc/self/status"), O_RDONLY | O_CLOEXEC, 0);
  REQUIRE(fd >= 0);
  CHECK(guest.call("fcntl", fd, F_GETFD, 0) == FD_CLOEXEC);
  CHECK((guest.call("fcntl", fd, F_GETFL, 0) & O_ACCMODE) == O_RDONLY);
  CHECK(guest.call("write", fd, guest.text("x"), 1) == -EBADF);
  CHECK(read_fd(guest, fd).rfind("Name:\t", 0) == 0);
  CHECK(link_at(guest, "/proc/self/fd/" + std::to_string(fd)) == "/proc/" + std::to_string(getpid()) + "/status");
  CHECK(guest.call("open", guest.text("/proc/self/status"), O_RDWR, 0) == -EACCES);
  guest.call("close", fd);
}

TEST_CASE("numbers of generated files are the lowest free ones") {
  Guest guest;
  const int64_t plain = guest.call("open", guest.text("/dev/null"), O_RDONLY, 0);
  guest.call("close", plain);
  const int64_t generated = guest.call("open", guest.text("/proc/self/stat"), O_RDONLY, 0);
  CHECK(generated == plain);
  guest.call("close", generated);
}

TEST_CASE("paths through the own process's links work as natively") {
  Guest guest;
  const ScratchDirectory scratch;
  const int64_t folder = guest.call("open", guest.text(scratch.path()), O_PATH | O_DIRECTORY, 0);
  const std::string below = "/proc/self/fd/" + std::to_string(folder) + "/";
  const int64_t made = guest.call("open", guest.text(below + "file"), O_CREAT | O_EXCL | O_WRONLY, 0600);
  REQUIRE(made >= 0);
  CHECK(guest.call("write", made, guest.text("text"), 4) == 4);
  CHECK(guest.call("open", guest.text(below + "file"), O_CREAT | O_EXCL | O_WRONLY, 0600) == -EEXIST);
  CHECK(read_path(guest, below + "file") == "text");
  CHECK(read_path(guest, "/proc/self/fd/" + std::to_string(made)) == "text");
  CHECK(guest.call("mkdir", guest.text(below + "folder"), 0700) == 0);
  CHECK(guest.call("rename", guest.text(below + "folder"), guest.text(below + "other")) == 0);
  CHECK(guest.call("chmod", guest.text(below + "file"), 0400) == 0);
  CHECK(guest.call("truncate", guest.text("/proc/self/fd/" + std::to_string(made)), 2) == 0);
  struct stat info;
  REQUIRE(stat((scratch / "file").c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0400);
  CHECK(info.st_size == 2);
  CHECK(guest.call("linkat", AT_FDCWD, guest.text("/proc/self/fd/" + std::to_string(made)), AT_FDCWD,
                   guest.text(scratch / "linked"), AT_SYMLINK_FOLLOW) == 0);
  CHECK(guest.call("open", guest.text("/proc/self/fd/" + std::to_string(made) + "/"), O_RDONLY, 0) == -ENOTDIR);
  guest.call("close", made);
  guest.call("close", folder);
}

TEST_CASE("links at the end of a path are opened, made and refused as natively") {
  Guest guest;
  const ScratchDirectory scratch;
  const auto path = [&](const char* name) { return guest.text(scratch / name); };
  const auto open_close = [&](const char* name, int flags) {
    const int64_t fd = guest.call("open", path(name), flags, 0640);
    if (fd >= 0) guest.call("close", fd);
    return fd >= 0 ? 0 : fd;
  };
  REQUIRE(symlink("target", (scratch / "link").c_str()) == 0);
  REQUIRE(symlink("link", (scratch / "second").c_str()) == 0);
  REQUIRE(symlink("missing/target", (scratch / "lost").c_str()) == 0);
  REQUIRE(symlink(".", (scratch / "folder").c_str()) == 0);
  CHECK(open_close("link", O_RDONLY) == -ENOENT);
  CHECK(open_close("link", O_WRONLY | O_CREAT | O_EXCL) == -EEXIST);
  CHECK(open_close("link", O_WRONLY | O_CREAT | O_NOFOLLOW) == -ELOOP);
  CHECK(open_close("lost", O_WRONLY | O_CREAT) == -ENOENT);
  CHECK(open_close("second", O_WRONLY | O_CREAT) == 0);
  struct stat info;
  REQUIRE(lstat((scratch / "target").c_str(), &info) == 0);
  CHECK(S_ISREG(info.st_mode));
  CHECK((info.st_mode & 07777 & ~0640u) == 0);
  CHECK(open_close("second", O_RDWR | O_CREAT) == 0);
  CHECK(open_close("link", O_RDONLY | O_NOFOLLOW) == -ELOOP);
  CHECK(open_close("link", O_PATH | O_NOFOLLOW) == 0);
  CHECK(open_close("link", O_RDONLY | O_DIRECTORY) == -ENOTDIR);
  CHECK(open_close("link/", O_RDONLY) == -ENOTDIR);
  CHECK(open_close("folder", O_RDONLY) == 0);
  CHECK(open_close("folder", O_RDONLY | O_DIRECTORY) == 0);
  CHECK(open_close("folder/", O_RDONLY) == 0);
  CHECK(open_close("folder", O_WRONLY) == -EISDIR);
  CHECK(open_close("folder", O_RDONLY | O_CREAT) == -EISDIR);
  CHECK(open_close("folder", O_RDWR | O_TMPFILE) == 0);
  // Names that are delicate only in /proc.
  CHECK(open_close("mem", O_RDONLY) == -ENOENT);
  CHECK(open_close("mem", O_WRONLY | O_CREAT | O_EXCL) == 0);
  CHECK(open_close("mem", O_WRONLY | O_CREAT | O_EXCL) == -EEXIST);
  CHECK(open_close("maps", O_WRONLY | O_CREAT) == 0);
  CHECK(open_close("maps", O_RDWR | O_APPEND) == 0);
}

// The kernel's own walk is the judge: the test program may follow its magic links, and they lead where the payload's
// do.
TEST_CASE("random paths lead where they lead natively") {
  const ScratchDirectory scratch;
  mkdir((scratch / "a").c_str(), 0700);
  mkdir((scratch / "a/b").c_str(), 0700);
  close(open((scratch / "a/file").c_str(), O_CREAT | O_WRONLY, 0600));
  const std::vector<std::pair<std::string, std::string>> links = {{"/", "root"},
                                                                  {"a", "down"},
                                                                  {"../..", "a/up"},
                                                                  {"/proc/self/root", "magic"},
                                                                  {"/proc/self/cwd", "a/cwd"},
                                                                  {"magic", "twice"},
                                                                  {"a/cwd/a", "far"},
                                                                  {"loop", "loop"},
                                                                  {"a/file/", "slash"}};
  for (const auto& [target, name] : links) REQUIRE(symlink(target.c_str(), (scratch / name).c_str()) == 0);
  const UniqueFd before(open(".", O_PATH | O_CLOEXEC));
  REQUIRE(chdir(scratch.path().c_str()) == 0);
  const UniqueFd folder(open("a", O_PATH | O_CLOEXEC));
  const UniqueFd file(open("a/file", O_RDONLY | O_CLOEXEC));
  const std::vector<std::string> parts = {".",
                                          "..",
                                          "a",
                                          "b",
                                          "file",
                                          "root",
                                          "down",
                                          "up",
                                          "magic",
                                          "cwd",
                                          "twice",
                                          "far",
                                          "loop",
                                          "slash",
                                          "/",
                                          "/proc/self/root" + scratch.path(),
                                          "/proc/self/cwd",
                                          "/proc/self/fd/" + std::to_string(folder.get()),
                                          "/proc/thread-self/fd/" + std::to_string(file.get()),
                                          "/proc/self/root",
                                          "/dev/fd/" + std::to_string(folder.get())};
  std::mt19937 random(7);  // NOLINT: the same paths each time
  int reached_count = 0;
  for (int i = 0; i < 6000; ++i) {
    Guest guest;
    guest.take_open_descriptors();
    std::string path = parts[random() % parts.size()];
    for (unsigned more = random() % 6; more > 0; --more) path += "/" + parts[random() % parts.size()];
    if (random() % 8 == 0) path += "/";
    const bool is_link_itself = random() % 4 == 0;
    INFO(path << (is_link_itself ? " (link itself)" : ""));
    struct stat wanted;
    const int native = fstatat(AT_FDCWD, path.c_str(), &wanted, is_link_itself ? AT_SYMLINK_NOFOLLOW : 0);
    const int error = native == 0 ? 0 : errno;
    const auto reached = sys::reach(guest.task(), sys::kCurrentDirectory, path,
                                    is_link_itself ? sys::Links::NoFollow : sys::Links::Follow);
    REQUIRE((reached ? 0 : reached.error().value) == error);
    // Nothing is made: "/" is among the places.
    const std::array choices = {O_RDONLY, O_RDWR, O_RDONLY | O_DIRECTORY, O_RDONLY | O_NOFOLLOW};
    const int flags = choices[random() % choices.size()];
    const UniqueFd opened(open(path.c_str(), flags));
    const int opening_error = opened ? 0 : errno;
    const int64_t ours = guest.call("open", guest.text(path), flags, 0);
    INFO("flags " << std::hex << flags);
    REQUIRE((ours < 0 ? static_cast<int>(-ours) : 0) == opening_error);
    if (ours >= 0) close(static_cast<int>(ours));
    if (!reached) continue;
    ++reached_count;
    struct stat info;
    REQUIRE(fstat(reached->fd.get(), &info) == 0);
    REQUIRE(info.st_ino == wanted.st_ino);
    REQUIRE(info.st_dev == wanted.st_dev);
  }
  CHECK(reached_count > 1000);
  REQUIRE(fchdir(before.get()) == 0);
}

TEST_CASE("loops of links end") {
  Guest guest;
  const ScratchDirectory scratch;
  REQUIRE(symlink("loop", (scratch / "loop").c_str()) == 0);
  CHECK(guest.call("open", guest.text(scratch / "loop"), O_RDONLY, 0) == -ELOOP);
  CHECK(guest.call("open", guest.text("/proc/self/cwd/" + (scratch / "loop")), O_RDONLY, 0) < 0);
  CHECK(guest.call("chmod", guest.text(scratch / "loop"), 0600) == -ELOOP);
}

TEST_CASE("files that make the host's kernel run programs are not written") {
  Guest guest;
  for (const char* path : {"/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe"}) {
    INFO(path);
    struct stat info;
    if (stat(path, &info) != 0) continue;
    CHECK(guest.call("open", guest.text(path), O_WRONLY, 0) == -EACCES);
    CHECK(guest.call("open", guest.text(path), O_RDWR | O_TRUNC, 0) == -EACCES);
    CHECK(read_path(guest, path).rfind("error", 0) != 0);
  }
  CHECK(guest.call("open", guest.text("/proc/kcore"), O_RDONLY, 0) < 0);
}

TEST_CASE("the registry of monitors is not there") {
  Guest guest;
  for (const char* path :
       {"/run/kontain", "/run/kontain/x", "/var/run//kontain/x", "/run/user/7/kontain/", "/tmp/../run/kontain"}) {
    INFO(path);
    CHECK(sys::is_registry_path(path));
    CHECK(guest.call("open", guest.text(path), O_RDONLY | O_CREAT, 0600) == -ENOENT);
    CHECK(guest.call("mkdir", guest.text(path), 0700) == -ENOENT);
    CHECK(guest.call("chdir", guest.text(path)) == -ENOENT);
  }
  CHECK_FALSE(sys::is_registry_path("/run/kontainer"));
  CHECK_FALSE(sys::is_registry_path("/home/kontain"));
}

TEST_CASE("the name of the process can be changed") {
  Guest guest;
  const std::string before = read_path(guest, "/proc/self/comm");
  const int64_t fd = guest.call("open", guest.text("/proc/self/comm"), O_WRONLY, 0);
  REQUIRE(fd >= 0);
  CHECK(guest.call("write", fd, guest.text("renamed"), 7) == 7);
  CHECK(read_path(guest, "/proc/self/comm") == "renamed\n");
  CHECK(guest.call("write", fd, guest.text(before), before.size() - 1) > 0);
  guest.call("close", fd);
}

// Runs `body` in a child without privileges whose files in /proc belong to root, as those of a process that is not
// dumpable do: what it returned.
template <class Body>
bool in_undumpable_child(Body body) {
  constexpr unsigned kNobody = 65534;
  const pid_t child = fork();
  if (child == 0) {
    const bool is_ready =
        (getuid() != 0 || (setgid(kNobody) == 0 && setuid(kNobody) == 0)) && prctl(PR_SET_DUMPABLE, 0) == 0;
    _exit(is_ready && body() ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST_CASE("a payload without privileges reads its own files though the monitor is not dumpable") {
  CHECK(in_undumpable_child([] { return access("/proc/self/environ", R_OK) != 0; }));
  for (const std::string name : {"environ", "auxv", "maps", "smaps", "status", "stat", "cmdline", "limits", "comm"}) {
    INFO(name);
    CHECK(in_undumpable_child([&] {
      Guest guest;
      const int64_t fd = guest.call("open", guest.text("/proc/self/" + name), O_RDONLY, 0);
      return fd >= 0 && read_fd(guest, fd).rfind("error", 0) != 0;
    }));
  }
  CHECK(in_undumpable_child([] {
    Guest guest;
    auto* info = guest.make<struct stat>();
    return guest.call("stat", guest.text("/proc/self/environ"), info) == 0 && info->st_uid == geteuid();
  }));
  CHECK(in_undumpable_child([] {
    Guest guest;
    const int64_t fd = guest.call("open", guest.text("/proc/self/comm"), O_WRONLY, 0);
    return guest.call("write", fd, guest.text("renamed"), 7) == 7 &&
           read_path(guest, "/proc/thread-self/comm") == "renamed\n";
  }));
  CHECK(in_undumpable_child([] {
    Guest guest;
    guest.process().set_executable("/dev/null");
    return link_at(guest, "/proc/self/exe") == "/dev/null" &&
           guest.call("open", guest.text("/dev/fd/0"), O_PATH, 0) >= 0 &&
           guest.call("open", guest.text("/proc/self/mem"), O_RDWR, 0) == -EACCES &&
           guest.call("open", guest.text("/proc/self/fd"), O_RDONLY | O_DIRECTORY, 0) >= 0;
  }));
}

// One thread opens, one exchanges what the name leads to; the host's file of that name must never be read.
TEST_CASE("a link that changes while it is followed leads to nothing more") {
  Guest guest;
  const ScratchDirectory scratch;
  const std::string name = scratch / "name";
  REQUIRE(symlink("/proc/self/environ", (scratch / "one").c_str()) == 0);
  REQUIRE(symlink("/dev/null", name.c_str()) == 0);
  std::atomic<bool> done = false;
  std::thread exchanging([&] {
    while (!done) renameat2(AT_FDCWD, name.c_str(), AT_FDCWD, (scratch / "one").c_str(), 2 /* RENAME_EXCHANGE */);
  });
  const char* path = guest.text(name);
  auto* buffer = static_cast<char*>(guest.allocate(64));
  int read_something = 0;
  for (int i = 0; i < 2000; ++i) {
    const int64_t fd = guest.call("open", path, O_RDONLY, 0);
    if (fd < 0 || guest.call("read", fd, buffer, 64) > 0) ++read_something;
    if (fd >= 0) guest.call("close", fd);
  }
  done = true;
  exchanging.join();
  CHECK(read_something == 0);  // the payload's environment is empty here, this program's is not
}

// Another thread reads from every number that may be in use, while files of the monitor are asked for.
TEST_CASE("a file that is refused was not open for an instant") {
  Guest guest;
  const ScratchDirectory scratch;
  const std::string name = scratch / "name";
  REQUIRE(symlink("/proc/self/auxv", (scratch / "one").c_str()) == 0);  // short, never empty
  REQUIRE(symlink("/proc/self/auxv", name.c_str()) == 0);
  sys::renew_proc_root(guest.task());  // as a process that begins does
  const int first = dup(0);
  close(first);
  std::atomic<bool> done = false;
  std::atomic<int> seen = 0;
  std::thread reading([&] {
    char byte;
    while (!done) {
      for (int number = first; number < first + 3; ++number) {
        // Not pread(): ThreadSanitizer would find fault with what this thread is here to do.
        if (syscall(SYS_pread64, number, &byte, 1, 0) == 1) ++seen;
      }
    }
  });
  for (int i = 0; i < 3000; ++i) {
    for (const std::string& path : {name, std::string("/proc/self/auxv"), std::string("/proc/self/task/../auxv")}) {
      const int64_t fd = guest.call("open", guest.text(path), O_RDONLY, 0);
      if (fd >= 0) guest.call("close", fd);
    }
    guest.forget();
  }
  done = true;
  reading.join();
  CHECK(seen == 0);
}

}  // namespace
}  // namespace kontain::test
