// `km --trace`: one line per system call, signal and end, written as strace(1) -f does.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/unique_fd.h"
#include "km/run/outcome.h"
#include "km/signal/delivery.h"
#include "km/trace/call_text.h"
#include "km/trace/filter.h"

namespace kontain::run {

class CallTrace final : public signal::DeliveryObserver {
 public:
  // Writes to `output`, a descriptor of the monitor's own.
  CallTrace(trace::Filter filter, UniqueFd output) : filter_(filter), output_(std::move(output)) {}

  // From now on each line begins with the thread it is about: there is, or was, more than one.
  void name_threads() { names_threads_ = true; }
  bool names_threads() const { return names_threads_; }

  int fd() const { return output_.get(); }
  bool wants(uint64_t number) const { return filter_.wants(number); }
  void write_call(const trace::CallText& call, int64_t result);
  // The call the calling thread is in, null behind it: one that ends in another program has no later.
  static void set_current(const trace::CallText* call);
  // The line of an execve that is about to succeed, if it is shown.
  void write_exec();
  void write_interrupted_call(const trace::CallText& call, const signal::FinishedCall& finished);
  void write_call_without_result(const trace::CallText& call);
  void delivered(const siginfo_t& info) override;
  // The end of a thread, or of the process.
  void write_outcome(const Outcome& outcome);

 private:
  void write_line(std::string line);

  trace::Filter filter_;
  UniqueFd output_;
  std::atomic<bool> names_threads_ = false;
};

// The payload's memory for trace::CallText.
trace::MemoryReader& payload_reader();

}  // namespace kontain::run
