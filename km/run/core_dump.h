// The core file of a payload that a signal ends (core(5)).
#pragma once

#include <string>

#include "km/run/thread_stop.h"
#include "km/signal/delivery.h"
#include "km/task/task.h"

namespace kontain::run {

// The path of the core that `signal` makes the process leave; nothing when there is to be none: the signal's default
// action is another, RLIMIT_CORE or PR_SET_DUMPABLE forbid it, the host's core_pattern names a handler (km/core), or
// the process is a vfork child, whose memory is its parent's.
std::optional<std::string> wanted_core(task::Task& task, const signal::FatalSignal& signal);

// Writes it. `task` is the calling thread's and the one that the signal has ended; `others` have stopped. Whoever waits
// for the process learns about no failure, as natively.
void write_core_file(task::Task& task, const signal::FatalSignal& signal, const LastCall& call,
                     std::vector<core::CoreThread> others, uint64_t xcr0, const std::string& path);

}  // namespace kontain::run
