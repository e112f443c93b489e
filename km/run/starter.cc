#include "km/run/starter.h"

#include <linux/futex.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace kontain::run {
namespace {

bool is_file(int number) {
  struct stat info;
  return fstat(number, &info) != 0 || S_ISREG(info.st_mode) || S_ISDIR(info.st_mode);
}

bool is_futex_wait(int operation) {
  const int command = operation & FUTEX_CMD_MASK;
  return command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET;
}

}  // namespace

void tell_begun(int pipe) {
  char byte = 0;
  static_cast<void>(!read(pipe, &byte, 1));
}

void Starter::close_pipe() {
  if (const int pipe = pipe_.exchange(-1); pipe >= 0) fds_.release(UniqueFd(pipe));
}

bool Starter::waits_for_others(uint32_t number, const sys::RawArgs& args) {
  switch (number) {
    case SYS_pause:
    case SYS_rt_sigsuspend:
    case SYS_rt_sigtimedwait:
    case SYS_nanosleep:
    case SYS_clock_nanosleep:
    case SYS_accept:
    case SYS_accept4:
    case SYS_recvfrom:
    case SYS_recvmsg:
    case SYS_recvmmsg:
    case SYS_select:
    case SYS_pselect6:
    case SYS_ppoll:
    case SYS_epoll_pwait2: return true;
    // With a timeout of 0 it only looks.
    case SYS_poll: return static_cast<int>(args[2]) != 0;
    case SYS_epoll_wait:
    case SYS_epoll_pwait: return static_cast<int>(args[3]) != 0;
    case SYS_futex: return is_futex_wait(static_cast<int>(args[1]));
    case SYS_wait4: return (args[2] & WNOHANG) == 0;
    case SYS_waitid: return (args[3] & WNOHANG) == 0;
    case SYS_read:
    case SYS_readv: return !is_file(static_cast<int>(args[0]));
    default: return false;
  }
}

}  // namespace kontain::run
