// Keeping everything of the monitor out of the guest's two ranges, from the first instant on.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "base/unique_fd.h"

namespace kontain::mem {

// Maps both guest ranges PROT_NONE with MAP_FIXED_NOREPLACE. Success proves that nothing of the monitor lies inside
// and keeps it so. Takes some 15 us and no memory. On failure nothing stays mapped.
Result<void> reserve_guest_ranges();

// Makes [start, end) of a guest range an inaccessible reservation (again). False, and nothing has changed, when the
// process has all the mappings it may have.
bool reserve_range(uint64_t start, uint64_t end);

// The program of this process, by a real procfs at /proc and nothing that looks like one; none without it.
UniqueFd open_own_executable();

// Lifts what made reserve_guest_ranges() fail, one step further at each call, and executes this program again with the
// same arguments: clears ADDR_COMPAT_LAYOUT, lowers the soft stack limit to 8 MiB, raises the soft address-space
// limit; then ADDR_NO_RANDOMIZE as a last resort. Returns only when nothing is left to try: the error names the limit
// in the way. `attempt` is 0 at first; the next one is passed on in the argument vector by the caller's protocol
// (personality bits tell the attempts apart, no environment variable does).
Error retry_with_relaxed_limits(char** argv);

}  // namespace kontain::mem
