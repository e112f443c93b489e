// From a signal in hand to the payload's handler, or to the end of the process.
#pragma once

#include <signal.h>

#include <cstdint>
#include <optional>

#include "km/task/task.h"

namespace kontain::signal {

// The system call that the thread has just made, if it made one.
struct FinishedCall {
  uint32_t number = 0;
  uint64_t first_argument = 0;
  uint64_t second_argument = 0;
  uint64_t third_argument = 0;
  uint64_t fourth_argument = 0;
  int64_t result = 0;  // as RAX holds it
};

// A signal that ends the process, with what the user is told about it.
struct FatalSignal {
  int signal = 0;
  int code = 0;
  uint64_t address = 0;
  uint64_t rip = 0;
  const char* cause = "";
  bool is_fault = false;  // the processor's: worth a line on stderr
  siginfo_t info = {};
};

// Told of each signal before it acts: a handler of the payload, the default action, or nothing.
class DeliveryObserver {
 public:
  virtual void delivered(const siginfo_t& info) = 0;

 protected:
  ~DeliveryObserver() = default;
};

// Delivers what the thread has in hand and what its own instruction forced on it. Before the thread enters the guest
// again, after every stop. A call that a signal interrupted is made again or fails with EINTR as signal(7) says.
// A value: the process has to end by that signal. `observer` may be null.
std::optional<FatalSignal> deliver_signals(task::Task& task, const std::optional<FinishedCall>& call,
                                           DeliveryObserver* observer);
// Whether a handler decides, by SA_RESTART, if a call that a signal interrupted is made again.
bool restarts_by_flag(const FinishedCall& call);

}  // namespace kontain::signal
