#include "km/run/call_trace.h"

#include <unistd.h>

#include <utility>

#include "km/mem/copy.h"
#include "km/trace/siginfo.h"

namespace kontain::run {
namespace {

class PayloadReader final : public trace::MemoryReader {
 public:
  bool read(uint64_t address, void* to, size_t size) override { return mem::copy_in(to, address, size); }
};

// A vfork child has its parent's, which waits in a call that is shown by then.
thread_local const trace::CallText* t_current = nullptr;

std::string thread_prefix() {
  std::string tid = std::to_string(gettid());
  if (tid.size() < 5) tid.insert(0, 5 - tid.size(), ' ');
  return "[pid " + tid + "] ";
}

}  // namespace

trace::MemoryReader& payload_reader() {
  static PayloadReader reader;
  return reader;
}

void CallTrace::write_line(std::string line) {
  if (names_threads_) line.insert(0, thread_prefix());
  line += '\n';
  ssize_t written = write(output_.get(), line.data(), line.size());
  static_cast<void>(written);
}

void CallTrace::write_call(const trace::CallText& call, int64_t result) {
  write_line(call.finish(result, payload_reader()));
}

void CallTrace::write_call_without_result(const trace::CallText& call) {
  write_line(call.finish_without_result(payload_reader()));
}

void CallTrace::set_current(const trace::CallText* call) { t_current = call; }

void CallTrace::write_exec() {
  if (t_current) write_call(*t_current, 0);
}

void CallTrace::write_interrupted_call(const trace::CallText& call, const signal::FinishedCall& finished) {
  write_line(call.finish_interrupted(signal::restarts_by_flag(finished), payload_reader()));
}

void CallTrace::delivered(const siginfo_t& info) {
  write_line("--- " + trace::signal_text(info.si_signo) + " " + trace::siginfo_text(info) + " ---");
}

void CallTrace::write_outcome(const Outcome& outcome) {
  if (outcome.kind == Outcome::Kind::Exited) {
    write_line("+++ exited with " + std::to_string(outcome.status) + " +++");
  } else {
    write_line("+++ killed by " + trace::signal_text(outcome.signal.signal) + " +++");
  }
}

}  // namespace kontain::run
