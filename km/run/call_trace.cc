#include "km/run/call_trace.h"

#include <unistd.h>

#include <cinttypes>
#include <cstdio>

#include "km/mem/copy.h"

namespace kontain::run {
namespace {

class PayloadReader final : public trace::MemoryReader {
 public:
  bool read(uint64_t address, void* to, size_t size) override { return mem::copy_in(to, address, size); }
};

}  // namespace

trace::MemoryReader& payload_reader() {
  static PayloadReader reader;
  return reader;
}

void CallTrace::write_line(std::string line) {
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

void CallTrace::write_outcome(const Outcome& outcome) {
  if (outcome.kind == Outcome::Kind::Exited) {
    write_line("+++ exited with " + std::to_string(outcome.status) + " +++");
    return;
  }
  char cause[128];
  std::snprintf(cause, sizeof cause, "si_code=%d, si_addr=0x%" PRIx64, outcome.signal.code, outcome.signal.address);
  const std::string name = signal_name(outcome.signal.signal);
  write_line("--- " + name + " {si_signo=" + name + ", " + cause + "} ---");
  write_line("+++ killed by " + name + " +++");
}

}  // namespace kontain::run
