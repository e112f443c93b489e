// The loop of one payload thread: enter the guest, handle what made it stop, deliver signals, again.
#pragma once

#include <optional>

#include "km/run/call_service.h"
#include "km/run/call_trace.h"
#include "km/run/outcome.h"
#include "km/run/starter.h"
#include "km/run/thread_stop.h"
#include "km/signal/delivery.h"
#include "km/sys/args.h"
#include "km/task/task.h"

namespace kontain::run {

// How a thread's loop ended.
struct ThreadEnd {
  bool ends_process = false;
  Outcome outcome;  // of the process, or with its status the thread's
  LastCall call;    // that the thread was in
};

class ThreadLoop {
 public:
  // `trace` may be null. Everything outlives the object.
  ThreadLoop(task::Task& task, CallTrace* trace, ThreadStop& stop, CallService& calls, Starter& starter)
      : task_(task), trace_(trace), stop_(stop), calls_(calls), starter_(starter) {}
  ThreadEnd run();

 private:
  void handle(const vcpu::Stop& stop);
  void handle_syscall();
  void handle_host_fault();
  void finish_call(uint32_t number, const sys::RawArgs& args, int64_t result);
  std::optional<ThreadEnd> end_of_task() const;
  bool must_stop() const;
  void stop_if_wanted();
  LastCall last_call() const;

  task::Task& task_;
  CallTrace* trace_;
  ThreadStop& stop_;
  CallService& calls_;
  Starter& starter_;
  exitless::Streak streak_;
  std::optional<signal::FinishedCall> call_;
  mem::HostFaults host_faults_;
};

}  // namespace kontain::run
