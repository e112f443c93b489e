// Makes system calls of many kinds and writes the lines that km/trace has for them. Run under strace, the two texts
// must be equal: strace_compare.sh. The calls between the two getsid(-4242) are compared.
#include <arpa/inet.h>
#include <asm/prctl.h>
#include <asm/unistd_64.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/futex.h>
#include <linux/openat2.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/times.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "km/trace/call_text.h"

namespace {

using kontain::trace::CallText;
using kontain::trace::RawArgs;

// Our own memory, read through the kernel so that a bad address is an error; a pipe makes no line of its own here
// because the recorder below is silent while it reads.
class OwnMemory : public kontain::trace::MemoryReader {
 public:
  bool read(uint64_t address, void* to, size_t size) override {
    if (address < 4096 || address >> 47 != 0) return false;         // the probe uses no other bad addresses
    std::memcpy(to, reinterpret_cast<const void*>(address), size);  // SAFETY: an address of ours
    return true;
  }
};

std::vector<std::string> lines;

template <class T>
uint64_t raw(T value) {
  if constexpr (std::is_pointer_v<T>) {
    return reinterpret_cast<uint64_t>(value);  // SAFETY: becomes a register
  } else if constexpr (std::is_null_pointer_v<T>) {
    return 0;
  } else {
    return static_cast<uint64_t>(static_cast<int64_t>(value));
  }
}

int64_t raw_syscall(uint64_t number, const RawArgs& a) {
  int64_t result;
  register uint64_t r10 asm("r10") = a[3];
  register uint64_t r8 asm("r8") = a[4];
  register uint64_t r9 asm("r9") = a[5];
  // SAFETY: the system call ABI of x86-64 Linux.
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return result;
}

template <class... Args>
int probe(uint64_t number, Args... args) {
  const RawArgs registers{raw(args)...};
  OwnMemory memory;
  const CallText text = CallText::begin(number, registers, memory);
  const int64_t result = raw_syscall(number, registers);
  lines.push_back(text.finish(result, memory));
  return static_cast<int>(result);
}

alignas(4096) char page[8192];
char buffer[512];

void probe_files() {
  const int fd = probe(__NR_openat, AT_FDCWD, "file", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  probe(__NR_open, "missing", O_RDONLY);
  probe(__NR_open, ".", O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_DIRECTORY);
  probe(__NR_openat, AT_FDCWD, ".", O_WRONLY | O_TMPFILE, 0600);
  probe(__NR_write, fd, "hello\tworld\n\0001\377\"\\", 17);
  probe(__NR_write, fd, "0123456789012345678901234567890123456789", 40);
  probe(__NR_write, fd, nullptr, 5);
  probe(__NR_lseek, fd, 0, SEEK_SET);
  probe(__NR_read, fd, buffer, 17);
  probe(__NR_read, fd, buffer, 500);
  probe(__NR_read, fd, buffer, 500);
  probe(__NR_read, -1, buffer, 500);
  probe(__NR_pread64, fd, buffer, 5, 3);
  probe(__NR_pwrite64, fd, "xyz", 3, -1);
  iovec pieces[] = {{buffer, 3}, {buffer + 100, 4}};
  probe(__NR_readv, fd, pieces, 2);
  probe(__NR_writev, fd, pieces, 2);
  probe(__NR_preadv, fd, pieces, 2, 1, 0);
  probe(__NR_preadv, -1, pieces, 2, 1, 0);
  probe(__NR_preadv2, fd, pieces, 1, 1, 0, RWF_HIPRI);
  struct stat status;
  probe(__NR_fstat, fd, &status);
  probe(__NR_stat, "/dev/null", &status);
  probe(__NR_lstat, "missing", &status);
  probe(__NR_newfstatat, AT_FDCWD, ".", &status, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH);
  struct statx extended;
  probe(__NR_statx, AT_FDCWD, "file", AT_STATX_SYNC_AS_STAT | AT_NO_AUTOMOUNT, STATX_BASIC_STATS | STATX_BTIME,
        &extended);
  probe(__NR_statx, AT_FDCWD, "/dev/null", AT_STATX_DONT_SYNC, STATX_ALL, &extended);
  struct statfs system;
  probe(__NR_statfs, "/proc", &system);
  probe(__NR_access, "file", R_OK | W_OK);
  probe(__NR_access, "file", F_OK);
  probe(__NR_faccessat, AT_FDCWD, "file", X_OK);
  probe(__NR_faccessat2, AT_FDCWD, "file", R_OK, AT_EACCESS);
  probe(__NR_fcntl, fd, F_GETFD);
  probe(__NR_fcntl, fd, F_SETFD, 0);
  probe(__NR_fcntl, fd, F_GETFD);
  probe(__NR_fcntl, fd, F_GETFL);
  probe(__NR_fcntl, fd, F_SETFL, O_RDWR | O_APPEND | O_NONBLOCK);
  probe(__NR_fcntl, fd, F_DUPFD_CLOEXEC, 100);
  probe(__NR_fcntl, fd, F_NOTIFY, DN_CREATE | DN_MULTISHOT);
  struct flock lock{};
  lock.l_type = F_WRLCK;
  probe(__NR_fcntl, fd, F_SETLK, &lock);
  probe(__NR_fcntl, fd, F_GETLK, &lock);
  probe(__NR_fcntl, fd, 0x777, 5);
  probe(__NR_flock, fd, LOCK_EX | LOCK_NB);
  probe(__NR_ftruncate, fd, 100);
  probe(__NR_fallocate, fd, 0, 0, 50);
  probe(__NR_fallocate, fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 0, 50);
  probe(__NR_fadvise64, fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  probe(__NR_mkdir, "dir", 0755);
  probe(__NR_mkdirat, AT_FDCWD, "dir", 0);
  probe(__NR_symlink, "file", "link");
  probe(__NR_readlink, "link", buffer, 100);
  probe(__NR_readlink, "file", buffer, 100);
  probe(__NR_linkat, AT_FDCWD, "link", AT_FDCWD, "hard", AT_SYMLINK_FOLLOW);
  probe(__NR_rename, "hard", "hard2");
  probe(__NR_renameat2, AT_FDCWD, "hard2", AT_FDCWD, "file", RENAME_NOREPLACE);
  probe(__NR_unlinkat, AT_FDCWD, "dir", AT_REMOVEDIR);
  probe(__NR_unlink, "hard2");
  probe(__NR_chmod, "file", 04755);
  probe(__NR_fchownat, AT_FDCWD, "file", -1, -1, 0);
  probe(__NR_mknod, "fifo", S_IFIFO | 0600, 0);
  probe(__NR_mknod, "/proc/x", S_IFCHR | 0600, 0x103);
  probe(__NR_umask, 022);
  probe(__NR_getcwd, buffer, 500);
  probe(__NR_getcwd, buffer, 1);
  const int dir = probe(__NR_openat, AT_FDCWD, ".", O_RDONLY | O_DIRECTORY);
  probe(__NR_getdents64, dir, page, 4096);
  timespec moments[2] = {{1000000000, 5}, {0, UTIME_NOW}};
  probe(__NR_utimensat, AT_FDCWD, "file", moments, 0);
  probe(__NR_utimensat, AT_FDCWD, "file", nullptr, AT_SYMLINK_NOFOLLOW);
  timeval old_moments[2] = {{1000000000, 5}, {7, 0}};
  probe(__NR_utimes, "file", old_moments);
  open_how how{O_RDONLY | O_CLOEXEC, 0, RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH};
  probe(__NR_openat2, AT_FDCWD, "file", &how, sizeof(how));
  probe(__NR_setxattr, "file", "user.kontain", "value", 5, XATTR_CREATE);
  probe(__NR_getxattr, "file", "user.kontain", buffer, 100);
  probe(__NR_getxattr, "file", "user.missing", buffer, 100);
  probe(__NR_removexattr, "file", "user.kontain");
  off_t at = 2;
  int pair[2];
  probe(__NR_pipe, pair);
  probe(__NR_sendfile, pair[1], fd, &at, 4);
  probe(__NR_sendfile, pair[1], fd, nullptr, 0);
  probe(__NR_splice, pair[0], nullptr, fd, &at, 4, SPLICE_F_MOVE);
  probe(__NR_copy_file_range, fd, nullptr, -1, nullptr, 4, 0);
  probe(__NR_pipe2, pair, O_CLOEXEC | O_NONBLOCK);
  probe(__NR_ioctl, pair[0], FIONREAD, buffer);
  probe(__NR_ioctl, pair[0], TCGETS, buffer);
  probe(__NR_ioctl, pair[0], TIOCGWINSZ, buffer);
  int one = 1;
  probe(__NR_ioctl, pair[0], FIONBIO, &one);
  probe(__NR_dup, fd);
  probe(__NR_dup2, fd, 200);
  probe(__NR_dup3, fd, 201, O_CLOEXEC);
  probe(__NR_close, 201);
  probe(__NR_close, 201);
  probe(__NR_close_range, 150, ~0u, 0);
  probe(__NR_memfd_create, "memory", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  const int watch = probe(__NR_inotify_init1, IN_CLOEXEC | IN_NONBLOCK);
  probe(__NR_inotify_add_watch, watch, "file", IN_MODIFY | IN_CREATE | IN_ONLYDIR);
}

void probe_memory() {
  const RawArgs map{0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, ~uint64_t{0}, 0};
  OwnMemory memory;
  const CallText text = CallText::begin(__NR_mmap, map, memory);
  const int64_t area = raw_syscall(__NR_mmap, map);
  lines.push_back(text.finish(area, memory));
  probe(__NR_mmap, area, 4096, PROT_NONE, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  probe(__NR_mmap, nullptr, 4096, PROT_READ, MAP_SHARED, -1, 0x1000);
  probe(__NR_mprotect, area, 4096, PROT_READ | PROT_EXEC);
  probe(__NR_mprotect, area, 4096, PROT_NONE);
  probe(__NR_madvise, area, 4096, MADV_DONTNEED);
  probe(__NR_madvise, area, 4096, 777);
  probe(__NR_msync, page, 4096, MS_SYNC);
  probe(__NR_mincore, page, 8192, buffer);
  probe(__NR_mremap, area, 8192, 4096, 0);
  probe(__NR_mremap, area, 4096, 8192, MREMAP_MAYMOVE | MREMAP_FIXED, 4095);
  probe(__NR_munmap, area, 4096);
  probe(__NR_brk, nullptr);
  probe(__NR_mlockall, MCL_CURRENT | 0x80);
}

void probe_time_and_signals() {
  timespec moment{0, 1000};
  timespec rest{};
  probe(__NR_nanosleep, &moment, nullptr);
  probe(__NR_clock_nanosleep, CLOCK_MONOTONIC, 0, &moment, &rest);
  probe(__NR_clock_nanosleep, CLOCK_REALTIME, TIMER_ABSTIME, &moment, nullptr);
  probe(__NR_clock_gettime, CLOCK_MONOTONIC, &moment);
  probe(__NR_clock_gettime, 999, &moment);
  probe(__NR_clock_getres, CLOCK_REALTIME_COARSE, &moment);
  timeval now;
  probe(__NR_gettimeofday, &now, nullptr);
  tms used;
  probe(__NR_times, &used);
  uint64_t set = 1 << (SIGCHLD - 1) | 1 << (SIGINT - 1);
  uint64_t old_set = 0;
  probe(__NR_rt_sigprocmask, SIG_BLOCK, &set, &old_set, 8);
  set = ~uint64_t{0};
  probe(__NR_rt_sigprocmask, SIG_SETMASK, &old_set, &set, 8);
  set = ~uint64_t{0} & ~(uint64_t{3} << 31);
  probe(__NR_rt_sigprocmask, SIG_UNBLOCK, &set, nullptr, 8);
  set = uint64_t{1} << 36;
  probe(__NR_rt_sigprocmask, SIG_UNBLOCK, &set, nullptr, 8);
  uint64_t action[4] = {1, 0x04000000 | SA_RESTART, 0x1234, 1 << (SIGTERM - 1)};
  probe(__NR_rt_sigaction, SIGUSR1, action, nullptr, 8);
  probe(__NR_rt_sigaction, SIGUSR1, nullptr, action, 8);
  action[0] = 0;
  probe(__NR_rt_sigaction, SIGKILL, action, nullptr, 8);
  uint64_t pending;
  probe(__NR_rt_sigpending, &pending, 8);
  stack_t stack{page, 0, 8192};
  probe(__NR_sigaltstack, &stack, nullptr);
  probe(__NR_sigaltstack, nullptr, &stack);
  stack = {nullptr, SS_DISABLE, 0};
  probe(__NR_sigaltstack, &stack, nullptr);
  probe(__NR_kill, 0, 0);
  probe(__NR_tgkill, 1, 999999, SIGURG);
  const int timer = probe(__NR_timerfd_create, CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  itimerspec period{{1, 2}, {3, 4}};
  probe(__NR_timerfd_settime, timer, 0, &period, nullptr);
  probe(__NR_timerfd_settime, timer, TFD_TIMER_ABSTIME, &period, &period);
  uint32_t word = 1;
  moment = {0, 1000};
  probe(__NR_futex, &word, FUTEX_WAKE_PRIVATE, 1);
  probe(__NR_futex, &word, FUTEX_WAIT_PRIVATE, 2, nullptr);
  probe(__NR_futex, &word, FUTEX_WAIT, 1, &moment);
  probe(__NR_futex, &word, FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME, 0, nullptr, nullptr,
        FUTEX_BITSET_MATCH_ANY);
  probe(__NR_futex, &word, FUTEX_CMP_REQUEUE_PRIVATE, 1, 2, &word, 1);
}

void probe_waiting() {
  int pair[2];
  probe(__NR_pipe, pair);
  pollfd polled[2] = {{pair[0], POLLIN | POLLPRI, 0}, {pair[1], POLLOUT, 0}};
  probe(__NR_poll, polled, 2, 0);
  probe(__NR_poll, polled, 1, 0);
  timespec second{1, 0};
  uint64_t set = 1 << (SIGINT - 1);
  probe(__NR_ppoll, polled, 1, &second, &set, 8);
  fd_set readable;
  FD_ZERO(&readable);
  FD_SET(pair[0], &readable);
  timeval none{0, 0};
  probe(__NR_select, pair[1] + 1, &readable, nullptr, nullptr, &none);
  probe(__NR_select, pair[1] + 1, &readable, nullptr, nullptr, &none);
  FD_ZERO(&readable);
  FD_SET(pair[1], &readable);
  probe(__NR_select, pair[1] + 1, nullptr, &readable, nullptr, nullptr);
  uint64_t mask[2] = {raw(&set), 8};
  second = {1, 0};
  probe(__NR_pselect6, pair[1] + 1, nullptr, &readable, nullptr, &second, mask);
  const int epoll = probe(__NR_epoll_create1, EPOLL_CLOEXEC);
  epoll_event event{};
  event.events = EPOLLOUT | EPOLLET;
  event.data.u64 = 0x100000007;
  probe(__NR_epoll_ctl, epoll, EPOLL_CTL_ADD, pair[1], &event);
  epoll_event events[4];
  probe(__NR_epoll_wait, epoll, events, 4, 0);
  probe(__NR_epoll_pwait, epoll, events, 4, 0, nullptr, 8);
  probe(__NR_eventfd2, 3, EFD_CLOEXEC | EFD_SEMAPHORE);
}

void probe_sockets() {
  const int tcp = probe(__NR_socket, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
  probe(__NR_socket, AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  probe(__NR_socket, AF_NETLINK, SOCK_RAW, 0);
  int one = 1;
  probe(__NR_setsockopt, tcp, SOL_SOCKET, SO_REUSEADDR, &one, 4);
  probe(__NR_setsockopt, tcp, IPPROTO_TCP, TCP_NODELAY, &one, 4);
  socklen_t length = 4;
  probe(__NR_getsockopt, tcp, SOL_SOCKET, SO_ERROR, &one, &length);
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  probe(__NR_bind, tcp, &here, sizeof(here));
  probe(__NR_listen, tcp, 5);
  sockaddr_storage found{};
  length = sizeof(found);
  probe(__NR_getsockname, tcp, &found, &length);
  probe(__NR_getpeername, tcp, &found, &length);
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_port = htons(80);
  six.sin6_addr = in6addr_loopback;
  probe(__NR_connect, tcp, &six, sizeof(six));
  sockaddr_un local{AF_UNIX, "/missing/socket"};
  probe(__NR_connect, tcp, &local, 2 + 16);
  std::memcpy(local.sun_path, "\0abstract", 9);
  probe(__NR_connect, -1, &local, 2 + 9);
  int pair[2];
  probe(__NR_socketpair, AF_UNIX, SOCK_STREAM, 0, pair);
  probe(__NR_sendto, pair[0], "message", 7, MSG_NOSIGNAL, nullptr, 0);
  probe(__NR_recvfrom, pair[1], buffer, 100, 0, nullptr, nullptr);
  probe(__NR_recvfrom, pair[1], buffer, 100, MSG_DONTWAIT, nullptr, nullptr);
  iovec piece{buffer, 5};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  probe(__NR_sendmsg, pair[0], &message, MSG_NOSIGNAL);
  piece.iov_len = 100;
  probe(__NR_recvmsg, pair[1], &message, 0);
  probe(__NR_recvmsg, pair[1], &message, MSG_DONTWAIT);
  probe(__NR_shutdown, pair[0], SHUT_RDWR);
  probe(__NR_accept4, tcp, nullptr, nullptr, SOCK_CLOEXEC | 0x100);
}

void probe_processes() {
  probe(__NR_getpid);
  probe(__NR_getppid);
  probe(__NR_getuid);
  uint32_t ids[3];
  probe(__NR_getresuid, &ids[0], &ids[1], &ids[2]);
  probe(__NR_setreuid, -1, -1);
  uint32_t groups[64];
  probe(__NR_getgroups, 64, groups);
  probe(__NR_getgroups, 0, nullptr);
  utsname name;
  probe(__NR_uname, &name);
  struct sysinfo info;
  probe(__NR_sysinfo, &info);
  rlimit limit;
  probe(__NR_getrlimit, RLIMIT_NOFILE, &limit);
  probe(__NR_prlimit64, 0, RLIMIT_STACK, nullptr, &limit);
  probe(__NR_setrlimit, RLIMIT_CORE, &limit);
  rusage usage;
  probe(__NR_getrusage, RUSAGE_SELF, &usage);
  probe(__NR_getpriority, PRIO_PROCESS, 0);
  uint64_t cpus[16];
  probe(__NR_sched_getaffinity, 0, sizeof(cpus), cpus);
  int parameter = 0;
  probe(__NR_sched_getparam, 0, &parameter);
  probe(__NR_sched_getscheduler, 0);
  probe(__NR_sched_setscheduler, 0, SCHED_OTHER, &parameter);
  probe(__NR_prctl, PR_SET_NAME, "probe");
  probe(__NR_prctl, PR_GET_NAME, buffer);
  uint64_t base;
  probe(__NR_arch_prctl, ARCH_GET_FS, &base);
  probe(__NR_arch_prctl, 0x3001, 5);
  probe(__NR_getrandom, buffer, 8, GRND_NONBLOCK);
  unsigned cpu, node;
  probe(__NR_getcpu, &cpu, &node, nullptr);
  probe(__NR_wait4, -1, nullptr, WNOHANG, nullptr);
  const char* arguments[] = {"program", "one", nullptr};
  const char* environment[] = {"A=1", "B=2", nullptr};
  probe(__NR_execve, "/missing/program", arguments, environment);
  probe(__NR_sched_yield);
  probe(__NR_gettid);
}

}  // namespace

int main() {
  // The recording must not make calls of its own between the marks.
  mallopt(M_TOP_PAD, 16 << 20);
  lines.reserve(1000);
  raw_syscall(__NR_getsid, {static_cast<uint64_t>(-4242)});
  probe_files();
  probe_memory();
  probe_time_and_signals();
  probe_waiting();
  probe_sockets();
  probe_processes();
  raw_syscall(__NR_getsid, {static_cast<uint64_t>(-4242)});
  for (const std::string& line : lines) std::puts(line.c_str());
}
