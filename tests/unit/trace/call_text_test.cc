// The expected lines are strace 6.1's for the same registers and memory.
#include "km/trace/call_text.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <csignal>

#include "base/abi/syscalls.h"
#include "km/trace/printers.h"
#include "tests/unit/trace/fake_memory.h"

namespace kontain::trace {
namespace {

constexpr uint64_t kA = 0x10000;
constexpr uint64_t kB = 0x20000;
constexpr uint64_t kC = 0x30000;
constexpr uint64_t kCwd = static_cast<uint32_t>(AT_FDCWD);

struct Fixture {
  test::FakeMemory memory;

  std::string line(std::string_view name, const RawArgs& args, int64_t result) {
    return CallText::begin(abi::find_syscall(name)->number, args, memory).finish(result, memory);
  }
};

}  // namespace

TEST_CASE("every kind of argument has a printer") {
  for (const abi::SyscallRow& row : abi::syscall_table()) {
    for (size_t i = 0; i < row.arg_count(); ++i) {
      INFO(row.name << " argument " << i);
      CHECK(printer_of(row.args[i]).print != nullptr);
    }
  }
}

TEST_CASE("every call can be shown without any memory, succeeding and failing") {
  Fixture fixture;
  const RawArgs args{1, 0x7000, 3, 0xffffffffffffffff, 5, 6};
  for (const abi::SyscallRow& row : abi::syscall_table()) {
    for (const int64_t result : {int64_t{0}, int64_t{1}, int64_t{1} << 40, -int64_t{EFAULT}}) {
      const std::string line = fixture.line(row.name, args, result);
      INFO(line);
      CHECK(line.starts_with(std::string(row.name) + "("));
      CHECK(line.find(") ") != std::string::npos);
      CHECK(line.find("= ") != std::string::npos);
      CHECK(line.size() < 1000);
    }
  }
}

TEST_CASE_METHOD(Fixture, "opening files") {
  memory.put_string(kA, "/etc/passwd");
  CHECK(line("openat", {kCwd, kA, O_RDONLY | O_CLOEXEC}, 3) ==
        R"(openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC) = 3)");
  CHECK(line("openat", {7, kA, O_WRONLY | O_CREAT | O_TRUNC, 0644}, -ENOENT) ==
        R"(openat(7, "/etc/passwd", O_WRONLY|O_CREAT|O_TRUNC, 0644) = -1 ENOENT (No such file or directory))");
  CHECK(line("open", {kA, O_RDONLY, 0777}, 3) == R"(open("/etc/passwd", O_RDONLY)           = 3)");
  CHECK(line("openat", {kCwd, 0xdead000, O_RDONLY}, -EFAULT) ==
        "openat(AT_FDCWD, 0xdead000, O_RDONLY)   = -1 EFAULT (Bad address)");
  CHECK(line("openat", {kCwd, 0, O_RDONLY}, -EFAULT) ==
        "openat(AT_FDCWD, NULL, O_RDONLY)        = -1 EFAULT (Bad address)");
  CHECK(line("close", {3}, 0) == "close(3)                                = 0");
  CHECK(line("access", {kA, R_OK | W_OK}, 0) == R"(access("/etc/passwd", R_OK|W_OK)        = 0)");
  CHECK(line("access", {kA, F_OK}, 0) == R"(access("/etc/passwd", F_OK)             = 0)");
  CHECK(line("mkdir", {kA, 0}, 0) == R"(mkdir("/etc/passwd", 000)               = 0)");
  CHECK(line("umask", {022}, 022) == "umask(022)                              = 022");
  CHECK(line("chown", {kA, 0xffffffff, 1000}, 0) == R"(chown("/etc/passwd", -1, 1000)          = 0)");
  CHECK(line("getcwd", {kA, 4096}, 12) == R"(getcwd("/etc/passwd", 4096)             = 12)");
  CHECK(line("lseek", {3, 0xffffffffffffffff, SEEK_END}, 5) == "lseek(3, -1, SEEK_END)                  = 5");
}

TEST_CASE_METHOD(Fixture, "bytes are escaped and cut") {
  memory.put(kA, std::string_view("hello\tworld\n\0001\377\"\\", 17));
  CHECK(line("write", {1, kA, 17}, 17) == R"(write(1, "hello\tworld\n\0001\377\"\\", 17) = 17)");
  memory.put(kB, "root:x:0:0:root:/root:/bin/bash\nd");
  CHECK(line("read", {3, kB, 4096}, 32) == R"(read(3, "root:x:0:0:root:/root:/bin/bash\n", 4096) = 32)");
  CHECK(line("read", {3, kB, 4096}, 1234) == R"(read(3, "root:x:0:0:root:/root:/bin/bash\n"..., 4096) = 1234)");
  CHECK(line("read", {3, kB, 4096}, 0) == R"(read(3, "", 4096)                       = 0)");
  CHECK(line("read", {3, kB, 4096}, -EBADF) ==
        "read(3, 0x20000, 4096)                  = -1 EBADF (Bad file descriptor)");
  CHECK(line("write", {1, 0xdead000, 5}, -EFAULT) ==
        "write(1, 0xdead000, 5)                  = -1 EFAULT (Bad address)");
  memory.put(kC, std::string_view("\001\xff\x20", 3));
  CHECK(line("getrandom", {kC, 3, 1}, 3) == R"(getrandom("\x01\xff\x20", 3, GRND_NONBLOCK) = 3)");
}

TEST_CASE_METHOD(Fixture, "vectors of bytes") {
  memory.put(kA, "abcdef");
  const uint64_t pieces[] = {kA, 3, kA + 3, 100};
  memory.put_value(kB, pieces);
  CHECK(line("readv", {3, kB, 2}, 6) ==
        R"(readv(3, [{iov_base="abc", iov_len=3}, {iov_base="def", iov_len=100}], 2) = 6)");
  CHECK(line("writev", {3, kB, 1}, 3) == R"(writev(3, [{iov_base="abc", iov_len=3}], 1) = 3)");
  CHECK(line("writev", {3, 0xdead000, 1}, -EFAULT) ==
        "writev(3, 0xdead000, 1)                 = -1 EFAULT (Bad address)");
}

TEST_CASE_METHOD(Fixture, "memory") {
  CHECK(line("mmap", {0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, ~uint64_t{0}, 0}, 0x7f0000001000) ==
        "mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000001000");
  CHECK(line("mmap", {0x5000, 4096, PROT_NONE, MAP_SHARED | MAP_FIXED | 0x200, 3, 0x1000}, -EINVAL) ==
        "mmap(0x5000, 4096, PROT_NONE, MAP_SHARED|MAP_FIXED|0x200, 3, 0x1000) = -1 EINVAL (Invalid argument)");
  CHECK(line("brk", {0}, 0x555555579000) == "brk(NULL)                               = 0x555555579000");
  CHECK(line("mremap", {0x5000, 4096, 8192, MREMAP_MAYMOVE, 77}, 0x9000) ==
        "mremap(0x5000, 4096, 8192, MREMAP_MAYMOVE) = 0x9000");
  CHECK(line("mremap", {0x5000, 4096, 8192, MREMAP_MAYMOVE | MREMAP_FIXED, 0x9000}, 0x9000) ==
        "mremap(0x5000, 4096, 8192, MREMAP_MAYMOVE|MREMAP_FIXED, 0x9000) = 0x9000");
  CHECK(line("madvise", {0x5000, 4096, 777}, -EINVAL) ==
        "madvise(0x5000, 4096, 0x309 /* MADV_??? */) = -1 EINVAL (Invalid argument)");
}

TEST_CASE_METHOD(Fixture, "structures the kernel fills") {
  struct stat status{};
  status.st_mode = S_IFREG | 0644;
  status.st_size = 12;
  memory.put_value(kA, status);
  CHECK(line("fstat", {3, kA}, 0) == "fstat(3, {st_mode=S_IFREG|0644, st_size=12, ...}) = 0");
  CHECK(line("fstat", {3, kA}, -EBADF) == "fstat(3, 0x10000)                       = -1 EBADF (Bad file descriptor)");
  status.st_mode = S_IFCHR | 0666;
  status.st_rdev = 0x103;
  memory.put_value(kA, status);
  CHECK(line("fstat", {3, kA}, 0) == "fstat(3, {st_mode=S_IFCHR|0666, st_rdev=makedev(0x1, 0x3), ...}) = 0");
  memory.put_value(kB, rlimit{8192 * 1024, RLIM_INFINITY});
  CHECK(line("prlimit64", {0, RLIMIT_STACK, 0, kB}, 0) ==
        "prlimit64(0, RLIMIT_STACK, NULL, {rlim_cur=8192*1024, rlim_max=RLIM64_INFINITY}) = 0");
  const int pair[] = {3, 4};
  memory.put_value(kC, pair);
  CHECK(line("pipe2", {kC, O_CLOEXEC}, 0) == "pipe2([3, 4], O_CLOEXEC)                = 0");
  memory.put_value(kC, timespec{5, 6});
  CHECK(line("clock_gettime", {CLOCK_MONOTONIC, kC}, 0) == "clock_gettime(CLOCK_MONOTONIC, {tv_sec=5, tv_nsec=6}) = 0");
}

TEST_CASE_METHOD(Fixture, "what is read is shown as it was before the call") {
  uint64_t set = 1 << (SIGCHLD - 1);
  memory.put_value(kA, set);
  const CallText text = CallText::begin(abi::find_syscall("rt_sigprocmask")->number, {SIG_BLOCK, kA, kA, 8}, memory);
  set = 0;
  memory.put_value(kA, set);
  CHECK(text.finish(0, memory) == "rt_sigprocmask(SIG_BLOCK, [CHLD], [], 8) = 0");
}

TEST_CASE_METHOD(Fixture, "signals") {
  const uint64_t action[] = {1, 0x04000000 | SA_RESTART, 0x1234, 1 << (SIGTERM - 1)};
  memory.put_value(kA, action);
  CHECK(line("rt_sigaction", {SIGUSR1, kA, 0, 8}, 0) ==
        "rt_sigaction(SIGUSR1, {sa_handler=SIG_IGN, sa_mask=[TERM], sa_flags=SA_RESTORER|SA_RESTART, "
        "sa_restorer=0x1234}, NULL, 8) = 0");
  memory.put_value(kA, ~uint64_t{0} & ~(uint64_t{3} << 31));
  CHECK(line("rt_sigprocmask", {SIG_BLOCK, kA, 0, 8}, 0) == "rt_sigprocmask(SIG_BLOCK, ~[RTMIN RT_1], NULL, 8) = 0");
  CHECK(line("tgkill", {10, 11, SIGABRT}, 0) == "tgkill(10, 11, SIGABRT)                 = 0");
}

TEST_CASE_METHOD(Fixture, "waiting") {
  memory.put_value(kA, pollfd{3, POLLIN | POLLPRI, POLLIN});
  CHECK(line("poll", {kA, 1, 1000}, 1) ==
        "poll([{fd=3, events=POLLIN|POLLPRI}], 1, 1000) = 1 ([{fd=3, revents=POLLIN}])");
  CHECK(line("poll", {kA, 1, 0}, 0) == "poll([{fd=3, events=POLLIN|POLLPRI}], 1, 0) = 0 (Timeout)");
  memory.put_value(kB, uint64_t{1 << 3 | 1 << 5});
  memory.put_value(kC, timeval{1, 2});
  CHECK(line("select", {6, kB, 0, 0, kC}, 2) ==
        "select(6, [3 5], NULL, NULL, {tv_sec=1, tv_usec=2}) = 2 (in [3 5], left {tv_sec=1, tv_usec=2})");
  memory.put_value(kC, timespec{0, 1000});
  CHECK(line("nanosleep", {kC, 0}, 0) == "nanosleep({tv_sec=0, tv_nsec=1000}, NULL) = 0");
  CHECK(line("nanosleep", {kC, kC}, -EINTR) ==
        "nanosleep({tv_sec=0, tv_nsec=1000}, {tv_sec=0, tv_nsec=1000}) = -1 EINTR (Interrupted system call)");
  CHECK(line("futex", {kA, 129, 1, 2, 3, 4}, 0) == "futex(0x10000, FUTEX_WAKE_PRIVATE, 1)   = 0");
}

TEST_CASE_METHOD(Fixture, "sockets") {
  CHECK(line("socket", {AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP}, 3) ==
        "socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP) = 3");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(80);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  memory.put_value(kA, address);
  CHECK(line("connect", {3, kA, 16}, -ECONNREFUSED) ==
        R"(connect(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}, 16) = -1 ECONNREFUSED )"
        "(Connection refused)");
  const sockaddr_un local{AF_UNIX, "/run/socket"};
  memory.put_value(kB, local);
  CHECK(line("bind", {3, kB, 110}, 0) == R"(bind(3, {sa_family=AF_UNIX, sun_path="/run/socket"}, 110) = 0)");
  memory.put_value(kC, uint32_t{16});
  CHECK(line("getsockname", {3, kA, kC}, 0) ==
        R"(getsockname(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}, [16]) = 0)");
  memory.put_value(kC, 1);
  CHECK(line("setsockopt", {3, SOL_SOCKET, SO_REUSEADDR, kC, 4}, 0) ==
        "setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0");
}

TEST_CASE_METHOD(Fixture, "flags of descriptors") {
  CHECK(line("fcntl", {3, F_GETFL}, O_RDWR | O_APPEND) ==
        "fcntl(3, F_GETFL)                       = 0x402 (flags O_RDWR|O_APPEND)");
  CHECK(line("fcntl", {3, F_SETFD, FD_CLOEXEC}, 0) == "fcntl(3, F_SETFD, FD_CLOEXEC)           = 0");
  CHECK(line("fcntl", {3, F_NOTIFY, DN_CREATE | DN_MULTISHOT}, 0) == "fcntl(3, F_NOTIFY, DN_CREATE|DN_MULTISHOT) = 0");
  CHECK(line("fcntl", {3, F_DUPFD_CLOEXEC, 10}, 10) == "fcntl(3, F_DUPFD_CLOEXEC, 10)           = 10");
  CHECK(line("ioctl", {3, 0x5401, kA}, -ENOTTY) ==
        "ioctl(3, TCGETS, 0x10000)               = -1 ENOTTY (Inappropriate ioctl for device)");
}

TEST_CASE_METHOD(Fixture, "programs and their arguments") {
  memory.put_string(kA, "/bin/ls");
  memory.put_string(kA + 0x1000, "-l");
  const uint64_t arguments[] = {kA, kA + 0x1000, 0};
  memory.put_value(kB, arguments);
  const uint64_t environment[] = {kA, 0};
  memory.put_value(kC, environment);
  CHECK(line("execve", {kA, kB, kC}, -ENOSYS) ==
        R"(execve("/bin/ls", ["/bin/ls", "-l"], 0x30000 /* 1 var */) = -1 ENOSYS (Function not implemented))");
}

TEST_CASE_METHOD(Fixture, "calls without a row and calls that do not return") {
  CHECK(CallText::begin(0x1ff, {1, 2, 3, 4, 5, 6}, memory).finish(-ENOSYS, memory) ==
        "syscall_0x1ff(0x1, 0x2, 0x3, 0x4, 0x5, 0x6) = -1 ENOSYS (Function not implemented)");
  CHECK(CallText::begin(231, {3}, memory).finish_without_result(memory) ==
        "exit_group(3)                           = ?");
  CHECK(line("getpid", {}, -4000) == "getpid()                                = -1 (errno 4000)");
}

}  // namespace kontain::trace
