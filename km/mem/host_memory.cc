#include "km/mem/host_memory.h"

#include <sys/mman.h>
#include <sys/syscall.h>

#include "base/host_call.h"

namespace kontain::mem {
namespace {

// Flags that describe the mapping itself; placement and population are ours.
constexpr int kOwnFlags = MAP_FIXED_NOREPLACE | MAP_GROWSDOWN | MAP_32BIT | MAP_LOCKED | MAP_POPULATE | MAP_STACK |
                          MAP_NONBLOCK | MAP_DENYWRITE | MAP_EXECUTABLE;

long set_protection(const Vma& vma, int protection) {
  return host_call(SYS_mprotect, vma.start, vma.end - vma.start, static_cast<uint64_t>(protection));
}

}  // namespace

int host_protection(int protection) {
  if (protection & PROT_WRITE) return PROT_READ | PROT_WRITE;
  return (protection & (PROT_READ | PROT_EXEC)) ? PROT_READ : PROT_NONE;
}

long host_map(const Vma& vma, const MapRequest& request) {
  int flags = (request.flags & ~kOwnFlags) | MAP_FIXED;
  // Inaccessible memory gets the reservation's flags, so that the host merges it with the reservation.
  if (vma.anonymous && !vma.shared && vma.protection == 0) flags |= MAP_NORESERVE;
  return host_call(SYS_mmap, vma.start, vma.end - vma.start, static_cast<uint64_t>(host_protection(vma.protection)),
                   static_cast<uint64_t>(flags), static_cast<uint64_t>(static_cast<int64_t>(request.fd)),
                   request.offset);
}

long host_protect(const Vma& vma, int protection) { return set_protection(vma, host_protection(protection)); }

void invalidate_shadow(const Vma& vma, int protection) {
  const int host = host_protection(protection);
  // Adding a right for an instant disturbs no copy of ours that is under way; taking one away would.
  const int other = host == PROT_READ ? PROT_READ | PROT_WRITE : PROT_READ;
  if (set_protection(vma, other) < 0) set_protection(vma, PROT_NONE);
  set_protection(vma, host);
}

bool host_is_mapped(uint64_t address, uint64_t size) {
  unsigned char residency[16];
  return host_call(SYS_mincore, address, size, reinterpret_cast<uint64_t>(residency)) != -12 /* ENOMEM */;
}

}  // namespace kontain::mem
