// Stops the payload's threads for good, because the process ends, and keeps what their processors held.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include "km/core/core_input.h"
#include "km/task/task.h"

namespace kontain::run {

// The number of the system call that a thread has just made, or was interrupted in.
using LastCall = std::optional<uint32_t>;

// What a core shows of the calling thread, whose task it is.
core::CoreThread describe_thread(task::Task& task, const LastCall& call);

class ThreadStop {
 public:
  // Claims the end of the process for the calling thread. False: another thread has it, and the caller has to park.
  static bool begin();
  // True once a thread has claimed the end; all others come here soon and park.
  static bool is_wanted();
  // In the child of a fork, which goes on whatever its parent's threads do.
  static void forget();

  // The calling thread's end: it waits for that of the process.
  [[noreturn]] void park(task::Task& task, const LastCall& call);

  // Makes all threads of the process but `self` park: their descriptions, by thread id. One that does not come in time
  // (it sleeps in the host for a vfork child) is left out.
  std::vector<core::CoreThread> stop_others(task::Task& self);

 private:
  bool is_parked(pid_t tid);
  bool kick_running(task::Task& self);

  std::mutex lock_;
  std::vector<core::CoreThread> parked_;
};

}  // namespace kontain::run
