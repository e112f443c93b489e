// The debug walk "entry <= host protection == tree", used by tests.
#include <sys/mman.h>

#include <cinttypes>
#include <cstdio>

#include "km/mem/address_space.h"
#include "km/mem/host_maps.h"
#include "km/mem/host_memory.h"

namespace kontain::mem {
namespace {

std::string describe(const char* what, uint64_t address, int tree, int other) {
  char text[160];
  std::snprintf(text, sizeof text, "%s at 0x%" PRIx64 ": the tree says %d, found %d", what, address, tree, other);
  return text;
}

int leaf_protection(uint64_t leaf) {
  return PROT_READ | ((leaf & x86::kPteWrite) ? PROT_WRITE : 0) | ((leaf & x86::kPteNoExecute) ? 0 : PROT_EXEC);
}

}  // namespace

std::optional<std::string> AddressSpace::check_consistency() {
  std::scoped_lock hold(lock_);
  std::optional<std::string> found;
  for (const HostMapping& range : read_host_maps()) {
    for (uint64_t at = range.start; at < range.end && in_guest(at, 1) && !found;) {
      const Vma* vma = tree_.first_above(at);
      const bool inside = vma && vma->start <= at;
      const uint64_t stop = std::min(range.end, inside ? vma->end : vma ? vma->start : range.end);
      const int expected = inside ? host_protection(vma->protection) : PROT_NONE;
      if (expected != range.protection) found = describe("host protection", at, expected, range.protection);
      at = stop;
    }
  }
  const auto check_leaf = [&](uint64_t start, uint64_t, uint64_t leaf) {
    const Vma* vma = tree_.find(start);
    const int allowed = vma ? vma->protection : 0;
    const int granted = leaf_protection(leaf);
    const bool reading_implied = allowed != 0 ? (granted & ~(allowed | PROT_READ)) == 0 : false;
    if (!reading_implied && !found) found = describe("page-table entry", start, allowed, granted);
  };
  tables_.for_each_leaf(kLowStart, kLowEnd, check_leaf);
  tables_.for_each_leaf(kHighStart, kGuestTop, check_leaf);
  return found;
}

}  // namespace kontain::mem
