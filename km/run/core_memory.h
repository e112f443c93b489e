// The payload's memory for a core file: its mappings as km/core wants them, and their contents.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "base/unique_fd.h"
#include "km/core/core_input.h"
#include "km/procfs/host_smaps.h"
#include "km/task/task.h"

namespace kontain::run {

// All mappings, by address; `host` is what the host says of the monitor's.
std::vector<core::CoreMapping> core_mappings(task::Task& task, const std::vector<procfs::HostMapping>& host);

// Reads the payload's memory whatever its protection. Descriptors of the monitor's own, made for the object's life:
// other threads have stopped.
class ProcessMemory final : public core::CoreMemory {
 public:
  ProcessMemory(const task::ProgramImage& image, const std::vector<core::CoreMapping>& mappings);
  bool read(uint64_t address, void* to, size_t size) override;
  uint64_t next_populated(uint64_t address, uint64_t end) override;

 private:
  bool is_private_memory(uint64_t address) const;

  uint64_t vdso_start_, vdso_end_;
  const std::vector<core::CoreMapping>& mappings_;
  UniqueFd memory_;
  UniqueFd page_map_;
};

}  // namespace kontain::run
