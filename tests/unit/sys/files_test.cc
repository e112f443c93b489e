#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <string>

#include "km/sys/new_fds.h"
#include "km/sys/paths.h"
#include "tests/unit/sys/guest.h"

namespace kontain::test {
namespace {

std::string string_at(const void* address, int64_t size) {
  return size < 0 ? "error" : std::string(static_cast<const char*>(address), static_cast<size_t>(size));
}

TEST_CASE("a file is written, read, measured and removed") {
  Guest guest;
  const ScratchDirectory directory;
  const char* path = guest.text(directory / "file");
  auto* buffer = static_cast<char*>(guest.allocate(64));
  const int64_t fd = guest.call("open", path, O_RDWR | O_CREAT | O_EXCL, 0640);
  REQUIRE(fd >= 0);
  CHECK(guest.call("open", path, O_RDWR | O_CREAT | O_EXCL, 0640) == -EEXIST);
  CHECK(guest.call("write", fd, guest.text("hello, world"), 12) == 12);
  CHECK(guest.call("lseek", fd, 7, SEEK_SET) == 7);
  CHECK(string_at(buffer, guest.call("read", fd, buffer, 64)) == "world");
  CHECK(string_at(buffer, guest.call("pread64", fd, buffer, 5, 0)) == "hello");

  auto* info = guest.make<struct stat>();
  CHECK(guest.call("fstat", fd, info) == 0);
  CHECK(info->st_size == 12);
  CHECK(guest.call("ftruncate", fd, 5) == 0);
  CHECK(guest.call("stat", path, info) == 0);
  CHECK(info->st_size == 5);
  CHECK(guest.call("newfstatat", fd, guest.text(""), info, AT_EMPTY_PATH) == 0);
  CHECK(guest.call("newfstatat", fd, nullptr, info, AT_EMPTY_PATH) == 0);
  auto* extended = guest.make<struct statx>();
  CHECK(guest.call("statx", AT_FDCWD, path, 0, STATX_SIZE, extended) == 0);
  CHECK(extended->stx_size == 5);

  CHECK(guest.call("close", fd) == 0);
  CHECK(guest.call("close", fd) == -EBADF);
  CHECK(guest.call("unlink", path) == 0);
  CHECK(guest.call("stat", path, info) == -ENOENT);
}

TEST_CASE("vectors are used in order and checked as a whole") {
  Guest guest;
  int* ends = guest.make<int>();
  REQUIRE(guest.call("pipe", ends) == 0);
  auto* first = static_cast<char*>(guest.allocate(3));
  auto* second = static_cast<char*>(guest.allocate(8));
  CHECK(guest.call("write", ends[1], guest.text("abcdefgh"), 8) == 8);
  auto* vector = static_cast<iovec*>(guest.allocate(2 * sizeof(iovec)));
  vector[0] = {first, 3};
  vector[1] = {second, 8};
  CHECK(guest.call("readv", ends[0], vector, 2) == 8);
  CHECK(string_at(first, 3) == "abc");
  CHECK(string_at(second, 5) == "defgh");

  CHECK(guest.call("writev", ends[1], vector, 1025) == -EINVAL);
  vector[1] = {monitor_address(), 8};
  CHECK(guest.call("writev", ends[1], vector, 2) == -EFAULT);
  CHECK(guest.call("vmsplice", ends[1], vector, 2, 0) == -EFAULT);
  vector[1] = {nullptr, 0};
  CHECK(guest.call("writev", ends[1], vector, 2) == 3);
  close(ends[0]);
  close(ends[1]);
}

TEST_CASE("a buffer that leaves the payload's range is refused as a whole") {
  Guest guest;
  const int64_t fd = guest.call("open", guest.text("/dev/zero"), O_RDWR, 0);
  void* buffer = guest.allocate(16);
  CHECK(guest.call("read", fd, buffer, uint64_t{0x7000'0000'0000}) == -EFAULT);
  CHECK(guest.call("read", fd, buffer, ~uint64_t{0}) == -EFAULT);
  CHECK(guest.call("read", fd, 0x5555'3fff'fff0, 0x20) == -EFAULT);
  CHECK(guest.call("read", fd, nullptr, 0) == 0);
  CHECK(guest.call("write", fd, nullptr, 0) == 0);
  close(static_cast<int>(fd));
}

TEST_CASE("offsets of in-kernel copies are updated in the payload") {
  Guest guest;
  const ScratchDirectory directory;
  const int64_t from = guest.call("open", guest.text(directory / "from"), O_RDWR | O_CREAT, 0600);
  const int64_t to = guest.call("open", guest.text(directory / "to"), O_RDWR | O_CREAT, 0600);
  CHECK(guest.call("write", from, guest.text("0123456789"), 10) == 10);
  auto* offset = guest.make<int64_t>(4);
  CHECK(guest.call("sendfile", to, from, offset, 3) == 3);
  CHECK(*offset == 7);
  auto* out_offset = guest.make<int64_t>(3);
  CHECK(guest.call("copy_file_range", from, offset, to, out_offset, 2, 0) == 2);
  CHECK(*offset == 9);
  CHECK(*out_offset == 5);
  auto* buffer = static_cast<char*>(guest.allocate(16));
  CHECK(string_at(buffer, guest.call("pread64", to, buffer, 16, 0)) == "45678");
  close(static_cast<int>(from));
  close(static_cast<int>(to));
}

TEST_CASE("openat2 follows the size rules of its structure") {
  Guest guest;
  auto* how = static_cast<open_how*>(guest.allocate(4096));
  const char* path = guest.text("/dev/null");
  CHECK(guest.call("openat2", AT_FDCWD, path, how, sizeof(open_how) - 1) == -EINVAL);
  CHECK(guest.call("openat2", AT_FDCWD, path, how, 4097) == -E2BIG);
  const int64_t fd = guest.call("openat2", AT_FDCWD, path, how, 4096);
  CHECK(fd >= 0);
  close(static_cast<int>(fd));
  reinterpret_cast<char*>(how)[100] = 1;
  CHECK(guest.call("openat2", AT_FDCWD, path, how, 4096) == -E2BIG);
}

TEST_CASE("directories are listed and names are changed") {
  Guest guest;
  const ScratchDirectory directory;
  const char* one = guest.text(directory / "one");
  const char* two = guest.text(directory / "two");
  CHECK(guest.call("mkdir", one, 0700) == 0);
  CHECK(guest.call("rename", one, two) == 0);
  CHECK(guest.call("symlink", guest.text("two"), one) == 0);
  auto* buffer = static_cast<char*>(guest.allocate(4096));
  CHECK(string_at(buffer, guest.call("readlink", one, buffer, 4096)) == "two");
  CHECK(guest.call("readlink", one, buffer, 0) == -EINVAL);
  const int64_t fd = guest.call("open", guest.text(directory.path()), O_RDONLY | O_DIRECTORY, 0);
  const std::string entries = string_at(buffer, guest.call("getdents64", fd, buffer, 4096));
  CHECK(entries.find("one") != std::string::npos);
  CHECK(entries.find("two") != std::string::npos);
  close(static_cast<int>(fd));
  const int64_t length = guest.call("getcwd", buffer, uint64_t{1} << 40);
  REQUIRE(length > 1);
  CHECK(buffer[0] == '/');
  CHECK(buffer[length - 1] == '\0');
  CHECK(guest.call("getcwd", buffer, 1) == -ERANGE);
  CHECK(guest.call("rmdir", two) == 0);
}

TEST_CASE("paths that are too long or not terminated") {
  Guest guest;
  CHECK(guest.call("access", guest.text(std::string(4095, 'x')), 0) == -ENAMETOOLONG);
  CHECK(guest.call("access", guest.text(std::string(4096, 'x')), 0) == -ENAMETOOLONG);
  CHECK(guest.call("access", guest.text(std::string(100000, 'x')), 0) == -ENAMETOOLONG);
  CHECK(guest.call("access", guest.text(""), 0) == -ENOENT);
  CHECK(guest.call("access", nullptr, 0) == -EFAULT);
}

TEST_CASE("devices that reach the machine below are not opened") {
  CHECK(sys::is_forbidden_device(makedev(10, 232)));  // kvm
  CHECK(sys::is_forbidden_device(makedev(10, 238)));  // vhost-net
  CHECK(sys::is_forbidden_device(makedev(10, 196)));  // vfio
  CHECK(sys::is_forbidden_device(makedev(10, 126)));  // userfaultfd has a dynamic number like this
  CHECK(sys::is_forbidden_device(makedev(1, 1)));     // mem
  CHECK(sys::is_forbidden_device(makedev(1, 4)));     // port
  CHECK_FALSE(sys::is_forbidden_device(makedev(1, 3)));
  CHECK_FALSE(sys::is_forbidden_device(makedev(5, 0)));
  CHECK_FALSE(sys::is_forbidden_device(makedev(10, 200)));
  Guest guest;
  struct stat info;
  for (const char* path : {"/dev/kvm", "/dev/mem"}) {
    if (stat(path, &info) != 0) continue;
    const int64_t result = guest.call("open", guest.text(path), O_RDONLY, 0);
    INFO(path);
    CHECK((result == -EACCES || result == -EPERM));
    CHECK(guest.call("open", guest.text(path), O_PATH, 0) == -EACCES);
  }
}

TEST_CASE("a memfd has a bounded name and ordinary pages") {
  Guest guest;
  const int64_t fd = guest.call("memfd_create", guest.text("name"), 3 /* CLOEXEC, ALLOW_SEALING */);
  REQUIRE(fd >= 0);
  CHECK(guest.call("fcntl", fd, F_ADD_SEALS, F_SEAL_WRITE) == 0);
  CHECK(guest.call("fcntl", fd, F_GET_SEALS, 0) == F_SEAL_WRITE);
  close(static_cast<int>(fd));
  CHECK(guest.call("memfd_create", guest.text(std::string(250, 'n')), 0) == -EINVAL);
  CHECK(guest.call("memfd_create", guest.text("huge"), 4 /* HUGETLB */) == -EINVAL);
}

}  // namespace
}  // namespace kontain::test
