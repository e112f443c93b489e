#include "km/run/outcome.h"

#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>

#include "base/host_call.h"
#include "base/log.h"

namespace kontain::run {
namespace {

void print_fatal(const signal::FatalSignal& signal, const std::string& program) {
  char place[96];
  std::snprintf(place, sizeof place, "address 0x%" PRIx64 ", rip 0x%" PRIx64, signal.address, signal.rip);
  print_error(Error{program, "killed by " + signal_name(signal.signal) + " (" + signal.cause + ")", place, 0});
}

[[noreturn]] void die_by_signal(int number) {
  const task::SignalAction fatal;
  const uint64_t none = 0;
  host_call(SYS_rt_sigaction, static_cast<uint64_t>(number), reinterpret_cast<uint64_t>(&fatal), 0, sizeof none);
  // To this thread, before the mask is opened: it dies of this signal and of no other that is waiting.
  host_call(SYS_tgkill, static_cast<uint64_t>(host_call(SYS_getpid)), static_cast<uint64_t>(host_call(SYS_gettid)),
            static_cast<uint64_t>(number));
  const uint64_t open = task::signal_bit(number);
  host_call(SYS_rt_sigprocmask, SIG_UNBLOCK, reinterpret_cast<uint64_t>(&open), 0, sizeof open);
  _exit(128 + number);
}

}  // namespace

std::string signal_name(int signal) {
  const char* name = sigabbrev_np(signal);
  return name ? std::string("SIG") + name : "signal " + std::to_string(signal);
}

void report_fault(const Outcome& outcome, const std::string& program) {
  if (outcome.kind == Outcome::Kind::Killed && outcome.signal.is_fault) print_fatal(outcome.signal, program);
}

void end_process(const Outcome& outcome) {
  if (outcome.kind == Outcome::Kind::Exited) _exit(outcome.status);
  die_by_signal(outcome.signal.signal);
}

}  // namespace kontain::run
