// `km --trace`: one line per system call, written as strace(1) does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/unique_fd.h"
#include "km/run/outcome.h"
#include "km/trace/call_text.h"
#include "km/trace/filter.h"

namespace kontain::run {

class CallTrace {
 public:
  // Writes to `output`, a descriptor of the monitor's own.
  CallTrace(trace::Filter filter, UniqueFd output) : filter_(filter), output_(std::move(output)) {}

  int fd() const { return output_.get(); }
  bool wants(uint64_t number) const { return filter_.wants(number); }
  void write_call(const trace::CallText& call, int64_t result);
  void write_call_without_result(const trace::CallText& call);
  void write_outcome(const Outcome& outcome);

 private:
  void write_line(std::string line);

  trace::Filter filter_;
  UniqueFd output_;
};

// The payload's memory for trace::CallText.
trace::MemoryReader& payload_reader();

}  // namespace kontain::run
