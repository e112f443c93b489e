// Keeping everything of the monitor out of the guest's two ranges, from the first instant on.
#pragma once

#include <sys/resource.h>

#include <cstdint>
#include <functional>

#include "base/error.h"
#include "base/unique_fd.h"

namespace kontain::mem {

// Maps both guest ranges PROT_NONE with MAP_FIXED_NOREPLACE. Success proves that nothing of the monitor lies inside
// and keeps it so. Takes some 15 us and no memory. On failure nothing stays mapped.
Result<void> reserve_guest_ranges();

// Makes [start, end) of a guest range an inaccessible reservation (again). False, and nothing has changed, when the
// process has all the mappings it may have.
bool reserve_range(uint64_t start, uint64_t end);

// The program of this process, by the held procfs (base/procfs.h); none without it.
UniqueFd open_own_executable();

// What retry_with_relaxed_limits() changes of a process, as it was before.
struct StartLimits {
  rlimit stack{};
  rlimit address_space{};
  uint32_t personality = 0;
};
StartLimits current_limits();

// Lifts what made reserve_guest_ranges() fail, one step further at each call, and has `execute_again` execute this
// program once more: clears ADDR_COMPAT_LAYOUT, lowers the soft stack limit to 8 MiB, raises the soft address-space
// limit; then ADDR_NO_RANDOMIZE as a last resort. What has been tried shows in the process itself. Returns only when
// nothing is left to try, or when it cannot be executed: the error names the limit in the way.
Error retry_with_relaxed_limits(const std::function<void()>& execute_again);

}  // namespace kontain::mem
