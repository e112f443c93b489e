// A real process stopped at its fatal signal, and what a monitor would know about it.
#pragma once

#include <memory>
#include <string>

#include "km/core/core_input.h"

namespace kontain::core {

class TracedProcess final : public CoreMemory {
 public:
  // Runs `program` under ptrace until SIGSEGV reaches it, and stops its other threads.
  explicit TracedProcess(const std::string& program);
  ~TracedProcess() override;
  TracedProcess(const TracedProcess&) = delete;

  CoreInput input() const;
  bool read(uint64_t address, void* to, size_t size) override;

 private:
  pid_t pid_ = 0;
  int memory_ = -1;
};

}  // namespace kontain::core
