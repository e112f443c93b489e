// Whoever ordered this kontainer's start and waits for it at the other end of a pipe (base/abi/start_order.h).
#pragma once

#include <atomic>
#include <cstdint>

#include "base/unique_fd.h"
#include "km/fd/monitor_fds.h"
#include "km/sys/args.h"

namespace kontain::run {

// The program is about to run, or is no program: takes the byte out of the pipe.
void tell_begun(int pipe);

// Closes the pipe when the program has settled. Safe to use from all threads.
class Starter {
 public:
  // `fds` outlives the object.
  explicit Starter(fd::MonitorFds& fds) : fds_(fds) {}

  // `pipe` is the monitor's already (fd::MonitorFds::adopt).
  void attach(UniqueFd pipe) { pipe_ = pipe.release(); }
  // Before a call of the program's is made. When it waits for others the program has settled: a signal from outside
  // finds what it has set up for it.
  void note_call(uint32_t number, const sys::RawArgs& args) {
    if (pipe_.load(std::memory_order_relaxed) >= 0 && waits_for_others(number, args)) close_pipe();
  }
  // A child is not what is waited for, and the pipe is closed in it.
  void forget_in_fork_child() { pipe_ = -1; }
  // For fd::MonitorFds::on_renumber.
  bool renumber(int from, int to) { return pipe_.compare_exchange_strong(from, to); }

  // Whether a call waits for something that comes from outside of the thread: for data, time, signals, children,
  // another thread. Not for files.
  static bool waits_for_others(uint32_t number, const sys::RawArgs& args);

 private:
  void close_pipe();

  fd::MonitorFds& fds_;
  std::atomic<int> pipe_ = -1;
};

}  // namespace kontain::run
