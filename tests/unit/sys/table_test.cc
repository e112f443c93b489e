#include "km/sys/table.h"

#include <fcntl.h>

#include <array>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "base/abi/syscalls.h"
#include "tests/unit/sys/guest.h"

namespace kontain::test {
namespace {

TEST_CASE("numbers without a row are ENOSYS") {
  Guest guest;
  for (const uint32_t number : {337u, 400u, 511u, 512u, 100000u, 0xffffffffu}) {
    INFO(number);
    CHECK(sys::dispatch(guest.task(), number, {}).error() == ENOSYS);
  }
}

TEST_CASE("refused calls give the errno of their row") {
  Guest guest;
  size_t refused = 0;
  for (const abi::SyscallRow& row : abi::syscall_table()) {
    if (row.support != abi::Support::Refused) continue;
    INFO(row.name);
    CHECK(sys::dispatch(guest.task(), row.number, {}).error() == row.refusal_errno);
    ++refused;
  }
  CHECK(refused > 100);
}

bool is_descriptor(abi::ArgKind kind) { return kind == abi::ArgKind::Fd || kind == abi::ArgKind::DirFd; }

TEST_CASE("no call takes a descriptor of the monitor") {
  Guest guest;
  const auto* scratch = guest.text("");
  size_t checked = 0;
  for (const abi::SyscallRow& row : abi::syscall_table()) {
    // A descriptor is an argument of mmap only for file mappings.
    if (row.support == abi::Support::Refused || row.name == "mmap") continue;
    for (size_t i = 0; i < row.arg_count(); ++i) {
      if (!is_descriptor(row.args[i])) continue;
      sys::RawArgs args;
      args.fill(reinterpret_cast<uint64_t>(scratch));
      for (size_t j = 0; j < row.arg_count(); ++j) {
        if (is_descriptor(row.args[j])) args[j] = static_cast<uint64_t>(AT_FDCWD);
      }
      args[i] = static_cast<uint64_t>(guest.monitor_fd());
      INFO(row.name << " argument " << i);
      CHECK(sys::dispatch(guest.task(), row.number, args).error() == EBADF);
      // The registers' upper halves are nobody's business.
      args[i] |= 0xabcd'0000'0000'0000;
      CHECK(sys::dispatch(guest.task(), row.number, args).error() == EBADF);
      REQUIRE(fcntl(guest.monitor_fd(), F_GETFD) == FD_CLOEXEC);
      ++checked;
    }
  }
  CHECK(checked > 90);
}

// One call with otherwise good arguments, and which of them is a pointer to be replaced.
struct PointerCase {
  std::string_view name;
  std::vector<uint64_t> args;
  std::vector<size_t> pointers;
};

uint64_t raw(const void* pointer) { return reinterpret_cast<uint64_t>(pointer); }

// Descriptors that make the calls below succeed but for the pointer.
struct Descriptors {
  explicit Descriptors(Guest& guest, const ScratchDirectory& directory) {
    file = guest.call("open", guest.text(directory / "file"), O_RDWR | O_CREAT, 0600);
    guest.call("write", file, guest.text("0123456789"), 10);
    guest.call("lseek", file, 0, SEEK_SET);
    folder = guest.call("open", guest.text(directory.path()), O_RDONLY | O_DIRECTORY, 0);
    int* ends = guest.make<int>();
    guest.call("socketpair", 1 /* AF_UNIX */, 2 /* SOCK_DGRAM */, 0, ends);
    left = static_cast<uint64_t>(ends[0]);
    right = static_cast<uint64_t>(ends[1]);
    epoll = guest.call("epoll_create1", 0);
    timer = guest.call("timerfd_create", 1 /* CLOCK_MONOTONIC */, 0);
    inotify = guest.call("inotify_init1", 0);
    terminal = guest.call("open", guest.text("/dev/ptmx"), O_RDWR | O_NOCTTY, 0);
  }
  ~Descriptors() {
    for (const uint64_t number : {file, folder, left, right, epoll, timer, inotify, terminal}) {
      close(static_cast<int>(number));
    }
  }
  uint64_t file, folder, left, right, epoll, timer, inotify, terminal;
};

std::vector<PointerCase> pointer_cases(Guest& g, const Descriptors& d, const ScratchDirectory& directory) {
  const uint64_t cwd = static_cast<uint64_t>(AT_FDCWD);
  const uint64_t page = raw(g.allocate(8192));
  const uint64_t name = raw(g.text(directory / "name"));
  const uint64_t file = raw(g.text(directory / "file"));
  const uint64_t attribute = raw(g.text("user.test"));
  const uint64_t vector = raw(g.make<iovec>({g.allocate(16), 16}));
  const uint64_t set = raw(g.make<uint64_t>());
  return {
      {"read", {d.file, page, 4}, {1}},
      {"write", {d.left, page, 4}, {1}},
      {"pread64", {d.file, page, 4, 0}, {1}},
      {"pwrite64", {d.file, page, 4, 0}, {1}},
      {"readv", {d.file, vector, 1}, {1}},
      {"writev", {d.left, vector, 1}, {1}},
      {"preadv", {d.file, vector, 1, 0}, {1}},
      {"pwritev", {d.file, vector, 1, 0}, {1}},
      {"preadv2", {d.file, vector, 1, 0, 0, 0}, {1}},
      {"pwritev2", {d.file, vector, 1, 0, 0, 0}, {1}},
      {"sendfile", {d.file, d.file, page, 1}, {2}},
      {"copy_file_range", {d.file, page, d.file, page, 1, 0}, {1, 3}},
      {"open", {name, O_RDONLY, 0}, {0}},
      {"openat", {cwd, name, O_RDONLY, 0}, {1}},
      {"openat2", {cwd, name, page, 24}, {1, 2}},
      {"creat", {name, 0600}, {0}},
      {"memfd_create", {name, 0}, {0}},
      {"stat", {file, page}, {0, 1}},
      {"lstat", {file, page}, {0, 1}},
      {"fstat", {d.file, page}, {1}},
      {"newfstatat", {cwd, file, page, 0}, {1, 2}},
      {"statx", {cwd, file, 0, 0xfff, page}, {1, 4}},
      {"statfs", {file, page}, {0, 1}},
      {"fstatfs", {d.file, page}, {1}},
      {"access", {file, 0}, {0}},
      {"faccessat", {cwd, file, 0}, {1}},
      {"faccessat2", {cwd, file, 0, 0}, {1}},
      {"chmod", {file, 0600}, {0}},
      {"fchmodat", {cwd, file, 0600}, {1}},
      {"chown", {file, ~0u, ~0u}, {0}},
      {"lchown", {file, ~0u, ~0u}, {0}},
      {"fchownat", {cwd, file, ~0u, ~0u, 0}, {1}},
      {"utime", {file, page}, {0, 1}},
      {"utimes", {file, page}, {0, 1}},
      {"futimesat", {cwd, file, page}, {1, 2}},
      {"utimensat", {cwd, file, page, 0}, {1, 2}},
      {"truncate", {file, 10}, {0}},
      {"cachestat", {d.file, page, page, 0}, {1, 2}},
      {"getcwd", {page, 4096}, {0}},
      {"chdir", {name}, {0}},
      {"getdents", {d.folder, page, 4096}, {1}},
      {"getdents64", {d.folder, page, 4096}, {1}},
      {"mkdir", {name, 0700}, {0}},
      {"mkdirat", {cwd, name, 0700}, {1}},
      {"rmdir", {name}, {0}},
      {"mknod", {name, S_IFREG, 0}, {0}},
      {"mknodat", {cwd, name, S_IFREG, 0}, {1}},
      {"unlink", {name}, {0}},
      {"unlinkat", {cwd, name, 0}, {1}},
      {"rename", {name, name}, {0, 1}},
      {"renameat", {cwd, name, cwd, name}, {1, 3}},
      {"renameat2", {cwd, name, cwd, name, 0}, {1, 3}},
      {"link", {name, name}, {0, 1}},
      {"linkat", {cwd, name, cwd, name, 0}, {1, 3}},
      {"symlink", {name, name}, {0, 1}},
      {"symlinkat", {name, cwd, name}, {0, 2}},
      {"readlink", {raw(g.text("/proc/self/exe")), page, 64}, {0, 1}},
      {"readlinkat", {cwd, raw(g.text("/proc/self/cwd")), page, 64}, {1, 2}},
      {"setxattr", {file, attribute, page, 4, 0}, {0, 1, 2}},
      {"fsetxattr", {d.file, attribute, page, 4, 0}, {1, 2}},
      {"getxattr", {file, attribute, page, 64}, {0, 1}},
      {"listxattr", {file, page, 0}, {0}},
      {"removexattr", {file, attribute}, {0, 1}},
      {"fremovexattr", {d.file, attribute}, {1}},
      {"pipe", {page}, {0}},
      {"pipe2", {page, 0}, {0}},
      {"socketpair", {1, 1, 0, page}, {3}},
      {"fcntl", {d.file, F_GETLK, page}, {2}},
      {"fcntl", {d.file, F_SETLK, page}, {2}},
      {"fcntl", {d.file, F_OFD_GETLK, page}, {2}},
      {"fcntl", {d.left, F_GETOWN_EX, page}, {2}},
      {"ioctl", {d.left, 0x541b /* FIONREAD */, page}, {2}},
      {"ioctl", {d.left, 0x5421 /* FIONBIO */, page}, {2}},
      {"ioctl", {d.terminal, 0x5413 /* TIOCGWINSZ */, page}, {2}},
      {"ioctl", {d.terminal, 0x5414 /* TIOCSWINSZ */, page}, {2}},
      {"ioctl", {d.terminal, 0x5401 /* TCGETS */, page}, {2}},
      {"ioctl", {d.left, 0x8912 /* SIOCGIFCONF */, page}, {2}},
      {"poll", {page, 1, 0}, {0}},
      {"ppoll", {page, 1, page, set, 8}, {0, 2, 3}},
      {"select", {1, set, set, set, page}, {1, 2, 3, 4}},
      {"pselect6", {1, set, set, set, page, page + 64}, {1, 2, 3, 4, 5}},
      {"epoll_ctl", {d.epoll, 1, d.left, page}, {3}},
      {"epoll_pwait", {d.epoll, page, 1, 0, set, 8}, {4}},
      {"epoll_pwait2", {d.epoll, page, 1, page, set, 8}, {3, 4}},
      {"bind", {d.left, page, 16}, {1}},
      {"connect", {d.left, page, 16}, {1}},
      {"getsockname", {d.left, page, raw(g.make<int>(16))}, {1, 2}},
      {"getpeername", {d.left, page, raw(g.make<int>(16))}, {1, 2}},
      {"sendto", {d.left, page, 4, 0, 0, 0}, {1}},
      {"sendto", {d.left, page, 4, 0, page, 16}, {4}},
      {"recvfrom", {d.left, page, 4, 0x40, page, raw(g.make<int>(16))}, {5}},
      {"sendmsg", {d.left, page, 0}, {1}},
      {"recvmsg", {d.left, page, 0x40}, {1}},
      {"sendmmsg", {d.left, page, 1, 0}, {1}},
      {"recvmmsg", {d.left, page, 1, 0x40, page + 512}, {1, 4}},
      {"setsockopt", {d.left, 1, 7 /* SO_SNDBUF */, page, 4}, {3}},
      {"getsockopt", {d.left, 1, 7, page, raw(g.make<int>(4))}, {3, 4}},
      {"clock_gettime", {1, page}, {1}},
      {"clock_getres", {1, page}, {1}},
      {"clock_nanosleep", {1, 0, page, 0}, {2}},
      {"nanosleep", {page, 0}, {0}},
      {"gettimeofday", {page, page}, {0, 1}},
      {"time", {page}, {0}},
      {"times", {page}, {0}},
      {"timerfd_settime", {d.timer, 0, page, page}, {2, 3}},
      {"timerfd_gettime", {d.timer, page}, {1}},
      {"inotify_add_watch", {d.inotify, file, 2}, {1}},
      {"getresuid", {page, page, page}, {0, 1, 2}},
      {"getresgid", {page, page, page}, {0, 1, 2}},
      {"capget", {raw(g.make<std::array<uint32_t, 2>>({0x20080522, 0})), page}, {0, 1}},
      {"capset", {raw(g.make<std::array<uint32_t, 2>>({0x20080522, 0})), page}, {0, 1}},
      {"prctl", {16 /* PR_GET_NAME */, page, 0, 0, 0}, {1}},
      {"prctl", {15 /* PR_SET_NAME */, name, 0, 0, 0}, {1}},
      {"prctl", {2 /* PR_GET_PDEATHSIG */, page, 0, 0, 0}, {1}},
      {"sched_getparam", {0, page}, {1}},
      {"sched_setparam", {0, page}, {1}},
      {"sched_setscheduler", {0, 0, page}, {2}},
      {"sched_rr_get_interval", {0, page}, {1}},
      {"sched_getaffinity", {0, 128, page}, {2}},
      {"sched_setaffinity", {0, 128, page}, {2}},
      {"futex", {page, 0, 1, page, 0, 0}, {0, 3}},
      {"futex", {page, 1, 1, 0, 0, 0}, {}},
      {"futex", {page, 3 /* FUTEX_REQUEUE */, 1, 1, page, 0}, {0, 4}},
      {"getrlimit", {7, page}, {1}},
      {"setrlimit", {7, page}, {1}},
      {"prlimit64", {0, 7, page, page}, {2}},
      {"prlimit64", {0, 7, 0, page}, {3}},
      {"getrusage", {0, page}, {1}},
      {"rt_sigaction", {10, page, page, 8}, {1, 2}},
      {"rt_sigprocmask", {0, page, page, 8}, {1, 2}},
      {"rt_sigpending", {page, 8}, {0}},
      {"uname", {page}, {0}},
      {"sysinfo", {page}, {0}},
      {"getrandom", {page, 16, 0}, {0}},
      {"getcpu", {page, page, 0}, {0, 1}},
  };
}

TEST_CASE("an address outside the payload's memory is EFAULT in every pointer argument") {
  Guest guest;
  const ScratchDirectory directory;
  const Descriptors descriptors(guest, directory);
  const std::array<uint64_t, 3> bad_addresses = {
      raw(monitor_address()),
      raw(guest.unmapped()),
      0xffff'ffff'8000'0000,
  };
  // Something to read on the left socket, so that a call does not end before it looks at its pointers.
  guest.call("write", descriptors.right, guest.text("data"), 4);
  size_t checked = 0;
  for (const PointerCase& one : pointer_cases(guest, descriptors, directory)) {
    for (const size_t index : one.pointers) {
      for (const uint64_t bad : bad_addresses) {
        sys::RawArgs args{};
        std::copy(one.args.begin(), one.args.end(), args.begin());
        args[index] = bad;
        INFO(one.name << " argument " << index << " = " << std::hex << bad);
        const auto result = sys::dispatch(guest.task(), abi::find_syscall(one.name)->number, args);
        CHECK(result.raw() == -EFAULT);
        ++checked;
      }
    }
  }
  CHECK(checked > 400);
  const auto* object = static_cast<const char*>(monitor_address());
  CHECK(std::all_of(object, object + 4096, [](char byte) { return byte == 0; }));
}

}  // namespace
}  // namespace kontain::test
