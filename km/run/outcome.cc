#include "km/run/outcome.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>

#include "base/log.h"

namespace kontain::run {
namespace {

void print_fatal(const FatalSignal& signal, const std::string& program) {
  char place[96];
  std::snprintf(place, sizeof place, "address 0x%" PRIx64 ", rip 0x%" PRIx64, signal.address, signal.rip);
  print_error(Error{program, "killed by " + signal_name(signal.signal) + " (" + signal.cause + ")", place, 0});
}

[[noreturn]] void die_by_signal(int signal) {
  prctl(PR_SET_DUMPABLE, 0);  // a core of the monitor would be of no use to anybody
  ::signal(signal, SIG_DFL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
  kill(getpid(), signal);
  _exit(128 + signal);
}

}  // namespace

std::string signal_name(int signal) {
  const char* name = sigabbrev_np(signal);
  return name ? std::string("SIG") + name : "signal " + std::to_string(signal);
}

void end_process(const Outcome& outcome, const std::string& program) {
  if (outcome.kind == Outcome::Kind::Exited) _exit(outcome.status);
  print_fatal(outcome.signal, program);
  die_by_signal(outcome.signal.signal);
}

}  // namespace kontain::run
