// How a run ended, as a value: a payload's exit status is never confused with a failure of km itself.
#pragma once

#include <cstdint>
#include <string>

#include "km/signal/delivery.h"

namespace kontain::run {

// Exit statuses of km's own (docs/man/km.1).
inline constexpr int kExitMonitorFailed = 125;
inline constexpr int kExitNotRunnable = 126;
inline constexpr int kExitNotFound = 127;

struct Outcome {
  enum class Kind : uint8_t { Exited, Killed };
  Kind kind = Kind::Exited;
  int status = 0;              // Exited: 0..255
  signal::FatalSignal signal;  // Killed

  static Outcome exited(int status) { return {Kind::Exited, status, {}}; }
  static Outcome killed(const signal::FatalSignal& signal) { return {Kind::Killed, 0, signal}; }
};

// "SIGSEGV", or "signal 40".
std::string signal_name(int signal);

// One line on stderr when a fault ended the payload; `program` is named in it.
void report_fault(const Outcome& outcome, const std::string& program);

// Ends this process the way the payload ended, as its parent would see it natively: with the same status or by the same
// signal.
[[noreturn]] void end_process(const Outcome& outcome);

}  // namespace kontain::run
