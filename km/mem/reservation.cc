#include "km/mem/reservation.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "base/host_call.h"
#include "base/procfs.h"
#include "km/mem/ranges.h"

namespace kontain::mem {
namespace {

constexpr int kReservationFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
constexpr rlim_t kStackLimit = 8 << 20;

struct Range {
  uint64_t start;
  uint64_t end;
};
constexpr Range kRanges[] = {{kLowStart, kLowEnd}, {kHighStart, kGuestTop}};

// SAFETY: the address is a constant of the design and MAP_FIXED_NOREPLACE replaces nothing.
bool reserve_new(const Range& range) {
  void* wanted = reinterpret_cast<void*>(range.start);
  void* got = mmap(wanted, range.end - range.start, PROT_NONE, kReservationFlags | MAP_FIXED_NOREPLACE, -1, 0);
  if (got == wanted) return true;
  if (got != MAP_FAILED) {  // a kernel before 4.17 took the address as a hint
    munmap(got, range.end - range.start);
    errno = EEXIST;
  }
  return false;
}

void release(const Range& range) { munmap(reinterpret_cast<void*>(range.start), range.end - range.start); }

Error blocking_limit(const rlimit& address_space) {
  if (address_space.rlim_cur != RLIM_INFINITY) {
    return {"address space", "hard limit of " + std::to_string(address_space.rlim_max / 1024) + " KiB (ulimit -v)",
            "the payload's address ranges cannot be reserved; raise or remove RLIMIT_AS", 0};
  }
  return {"address space", "",
          "the payload's address ranges are taken by the system's memory layout (vm.legacy_va_layout=1?)", 0};
}

}  // namespace

Result<void> reserve_guest_ranges() {
  if (!reserve_new(kRanges[0])) return fail_errno("cannot reserve the payload's address ranges", "low range", errno);
  if (!reserve_new(kRanges[1])) {
    const int reason = errno;
    release(kRanges[0]);
    return fail_errno("cannot reserve the payload's address ranges", "high range", reason);
  }
  return {};
}

bool reserve_range(uint64_t start, uint64_t end) {
  if (start == end) return true;
  const long got = host_call(9 /* mmap */, start, end - start, PROT_NONE, kReservationFlags | MAP_FIXED,
                             static_cast<uint64_t>(-1), 0);
  return got == static_cast<long>(start);
}

UniqueFd open_own_executable() {
  const int proc = held_procfs();
  return proc < 0 ? UniqueFd() : UniqueFd(openat(proc, "self/exe", O_PATH | O_CLOEXEC));
}

StartLimits current_limits() {
  constexpr unsigned long kQueryPersona = 0xffffffff;
  StartLimits limits;
  getrlimit(RLIMIT_STACK, &limits.stack);
  getrlimit(RLIMIT_AS, &limits.address_space);
  limits.personality = static_cast<uint32_t>(personality(kQueryPersona));
  return limits;
}

Error retry_with_relaxed_limits(const std::function<void()>& execute_again) {
  const auto [stack, address_space, persona] = current_limits();

  bool changed = false;
  if (address_space.rlim_cur != address_space.rlim_max) {
    rlimit raised = {address_space.rlim_max, address_space.rlim_max};
    changed |= setrlimit(RLIMIT_AS, &raised) == 0;
  }
  if (address_space.rlim_max != RLIM_INFINITY) return blocking_limit(address_space);
  if (stack.rlim_cur > kStackLimit) {
    rlimit lowered = {kStackLimit, stack.rlim_max};
    changed |= setrlimit(RLIMIT_STACK, &lowered) == 0;
  }
  if (persona & ADDR_COMPAT_LAYOUT) {
    changed |= personality(persona & ~uint32_t{ADDR_COMPAT_LAYOUT}) >= 0;
  } else if (!changed && !(persona & ADDR_NO_RANDOMIZE)) {
    changed |= personality(persona | ADDR_NO_RANDOMIZE) >= 0;
  }
  if (changed) execute_again();
  return blocking_limit(address_space);
}

}  // namespace kontain::mem
