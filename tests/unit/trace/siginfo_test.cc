// The expected texts are strace 6.1's for the same structures.
#include "km/trace/siginfo.h"

#include <catch2/catch.hpp>
#include <csignal>

namespace kontain::trace {
namespace {

siginfo_t of(int signal, int code) {
  siginfo_t info = {};
  info.si_signo = signal;
  info.si_code = code;
  return info;
}

TEST_CASE("signals have names, real-time ones by distance") {
  CHECK(signal_text(SIGINT) == "SIGINT");
  CHECK(signal_text(35) == "SIGRT_3");
  CHECK(signal_text(99) == "99");
}

TEST_CASE("a signal's code says which fields there are") {
  siginfo_t info = of(SIGUSR1, SI_USER);
  info.si_pid = 17;
  info.si_uid = 1000;
  CHECK(siginfo_text(info) == "{si_signo=SIGUSR1, si_code=SI_USER, si_pid=17, si_uid=1000}");
  info.si_code = SI_QUEUE;
  info.si_value.sival_ptr = nullptr;
  CHECK(siginfo_text(info) == "{si_signo=SIGUSR1, si_code=SI_QUEUE, si_pid=17, si_uid=1000, si_int=0, si_ptr=NULL}");
  CHECK(siginfo_text(of(SIGALRM, SI_KERNEL)) == "{si_signo=SIGALRM, si_code=SI_KERNEL}");
  CHECK(siginfo_text(of(SIGSEGV, SEGV_ACCERR)) == "{si_signo=SIGSEGV, si_code=SEGV_ACCERR, si_addr=NULL}");
  CHECK(siginfo_text(of(SIGFPE, FPE_INTDIV)) == "{si_signo=SIGFPE, si_code=FPE_INTDIV, si_addr=NULL}");
}

TEST_CASE("a child's end is a status, its death a signal") {
  siginfo_t info = of(SIGCHLD, CLD_EXITED);
  info.si_status = 9;
  CHECK(siginfo_text(info) ==
        "{si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=0, si_uid=0, si_status=9, si_utime=0, si_stime=0}");
  info.si_code = CLD_KILLED;
  CHECK(siginfo_text(info) ==
        "{si_signo=SIGCHLD, si_code=CLD_KILLED, si_pid=0, si_uid=0, si_status=SIGKILL, si_utime=0, si_stime=0}");
}

}  // namespace
}  // namespace kontain::trace
