// The loop of one payload thread: enter the guest, handle what made it stop, deliver signals, again.
#pragma once

#include <optional>

#include "km/run/call_trace.h"
#include "km/run/outcome.h"
#include "km/signal/delivery.h"
#include "km/sys/args.h"
#include "km/task/task.h"

namespace kontain::run {

// How a thread's loop ended.
struct ThreadEnd {
  bool ends_process = false;
  Outcome outcome;  // of the process, or with its status the thread's
};

// Sleeps until another thread has ended the process.
[[noreturn]] void wait_for_end();

class ThreadLoop {
 public:
  // `trace` may be null. Everything outlives the object.
  ThreadLoop(task::Task& task, CallTrace* trace) : task_(task), trace_(trace) {}
  ThreadEnd run();

 private:
  void handle(const vcpu::Stop& stop);
  void handle_syscall();
  void handle_host_fault();
  bool grows_stack(const sys::RawArgs& args);
  std::optional<ThreadEnd> end_of_task() const;

  task::Task& task_;
  CallTrace* trace_;
  std::optional<signal::FinishedCall> call_;
  mem::HostFaults host_faults_;
};

}  // namespace kontain::run
