// Page faults of the payload: entries that were left out on purpose are filled, everything else is a signal.
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <algorithm>

#include "base/checked.h"
#include "base/host_call.h"
#include "km/mem/address_space.h"
#include "km/mem/host_memory.h"

namespace kontain::mem {
namespace {

// Linux's stack_guard_gap: a growing stack stays this far from the mapping below it.
constexpr uint64_t kStackGuard = 256 * kPageSize;

int needed_protection(uint64_t error_code) {
  if (error_code & x86::kFaultFetch) return PROT_EXEC;
  return error_code & x86::kFaultWrite ? PROT_WRITE : PROT_READ;
}

// x86 grants reading with any other right.
bool grants(int protection, int needed) { return needed == PROT_READ ? protection != 0 : (protection & needed) != 0; }

bool leaf_grants(uint64_t leaf, int needed) {
  if (leaf == 0) return false;
  if (needed == PROT_WRITE) return leaf & x86::kPteWrite;
  if (needed == PROT_EXEC) return !(leaf & x86::kPteNoExecute);
  return true;
}

}  // namespace

std::optional<FaultSignal> AddressSpace::handle_fault(uint64_t address, uint64_t error_code) {
  if (!in_guest(address, 1)) {
    const bool system_page = error_code & x86::kFaultPresent;
    return FaultSignal{SIGSEGV, system_page ? SEGV_ACCERR : SEGV_MAPERR};
  }
  const int needed = needed_protection(error_code);
  const uint64_t page = page_down(address);
  std::scoped_lock hold(lock_);
  const Vma* vma = tree_.find(address);
  if (!vma) vma = grow_down(address);
  if (!vma) return FaultSignal{SIGSEGV, SEGV_MAPERR};
  if (!grants(vma->protection, needed)) return FaultSignal{SIGSEGV, SEGV_ACCERR};
  if (leaf_grants(tables_.leaf(page), needed)) return std::nullopt;  // another thread was faster
  if (!vma->anonymous) return fault_in_file(*vma, page, needed == PROT_WRITE);

  const uint64_t start = std::max(vma->start, align_down(address, kWindowSize));
  const uint64_t end = std::min(vma->end, align_down(address, kWindowSize) + kWindowSize);
  const LeafSize leaf = vma->shared ? LeafSize::Small : LeafSize::LargeAllowed;
  if (tables_.map(start, end, vma->protection, leaf, vma->start, vma->end)) return std::nullopt;
  if (leaf_grants(tables_.leaf(page), needed)) return std::nullopt;  // memory ran out behind the page that matters
  return FaultSignal{SIGBUS, BUS_ADRERR};
}

// The file system decides: the page may lie past the end of the file by now.
std::optional<FaultSignal> AddressSpace::fault_in_file(const Vma& vma, uint64_t page, bool write) {
  const bool for_write = write || (vma.shared && (vma.protection & PROT_WRITE));
  const int advice = for_write ? MADV_POPULATE_WRITE : MADV_POPULATE_READ;
  if (host_call(SYS_madvise, page, kPageSize, static_cast<uint64_t>(advice)) < 0) {
    return FaultSignal{SIGBUS, BUS_ADRERR};
  }
  if (!tables_.map(page, page + kPageSize, vma.protection, LeafSize::Small, vma.start, vma.end)) {
    return FaultSignal{SIGBUS, BUS_ADRERR};
  }
  return std::nullopt;
}

const Vma* AddressSpace::grow_down(uint64_t address) {
  const Vma* stack = tree_.first_above(address);
  if (!stack || !stack->grows_down || stack->end - address > stack_limit_) return nullptr;
  const uint64_t new_start = page_down(address);
  const Vma* below = tree_.before(*stack);
  if (below && new_start < below->end + kStackGuard && below->protection != 0) return nullptr;
  if (below && new_start < below->end) return nullptr;
  Vma grown = *stack;
  grown.end = stack->start;
  grown.start = new_start;
  grown.file_end = grown.end;
  const MapRequest request = {
      grown.start, grown.end - grown.start, grown.protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0};
  if (!in_guest(grown.start, grown.end - grown.start) || host_map(grown, request) < 0) return nullptr;
  tree_.insert(grown);
  return tree_.find(address);
}

void AddressSpace::drop_file_entries() {
  std::scoped_lock hold(lock_);
  for (const auto& [start, vma] : tree_) {
    if (!vma.anonymous) tables_.clear(start, vma.end);
  }
  tables_.release_tables();
}

}  // namespace kontain::mem
