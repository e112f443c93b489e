// The guest's page tables (SDM vol. 3A, 4.5). One tree of tables for the payload's ranges is shared by all vCPUs; each
// vCPU has a root of its own that points into it and has one private entry:
//
//   PML4 0..221   the payload's ranges; all 222 tables below the root exist from the start, so roots never change
//   PML4 222      shared system pages: exception entry, doorbell, vDSO
//   PML4 223      private to the vCPU: system call stub, its slot, descriptor tables, stack
//
// Entries are preset Accessed and Dirty. Callers hold the address space's lock. Adding presence or rights needs nothing
// further; reducing them takes effect only with an mmu-notifier event on the host range afterwards (ADR 0004).
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "km/arch/x86.h"
#include "km/mem/guest_physical.h"
#include "km/mem/ranges.h"

namespace kontain::mem {

inline constexpr uint64_t kSharedSystemBase = kGuestTop;                          // PML4 entry 222
inline constexpr uint64_t kPrivateSystemBase = kSharedSystemBase + (1ull << 39);  // PML4 entry 223

// Whether the interior of a range may be mapped by 2 MiB leaves: only where virtual to physical is one anonymous run.
enum class LeafSize { Small, LargeAllowed };

class PageTables {
 public:
  // Makes the tables below the payload's and the shared entries. `physical` outlives the object.
  static Result<PageTables> create(GuestPhysical& physical);

  // The flags of a leaf for PROT_* `protection`; 0 means not present.
  static uint64_t leaf_flags(int protection);

  // Maps [start, end) with `protection`, replacing what is there. Windows are made as needed, large ones inside
  // [vma_start, vma_end). False when KVM or the host has no more to give: part of the range may be mapped then.
  bool map(uint64_t start, uint64_t end, int protection, LeafSize leaf, uint64_t vma_start, uint64_t vma_end);
  // As map(), but only where a window exists already.
  bool map_touched(uint64_t start, uint64_t end, int protection, LeafSize leaf);
  // Makes every entry of [start, end) not present.
  void clear(uint64_t start, uint64_t end);
  // Takes away rights that `protection` lacks from the present entries of [start, end).
  void restrict_to(uint64_t start, uint64_t end, int protection);
  // Gives back the memory of tables that clear() emptied, if it is worth the while: after the host call that follows.
  void release_tables();
  // The leaf that maps `address`, or 0.
  uint64_t leaf(uint64_t address) const;
  // Calls fn(start, end, entry) for every present leaf of [start, end).
  template <class Fn>
  void for_each_leaf(uint64_t start, uint64_t end, Fn&& fn) const;

  // A root for one more vCPU whose entry 223 is `private_table` (a page-directory-pointer table): its address.
  std::optional<uint64_t> make_root(uint64_t private_table);
  // Maps one 4 KiB page of system memory below the shared entry or below `top` (a level-3 table).
  bool map_system_page(uint64_t address, uint64_t gpa, uint64_t flags);
  bool map_private_page(uint64_t private_table, uint64_t address, uint64_t gpa, uint64_t flags);

 private:
  explicit PageTables(GuestPhysical& physical) : physical_(&physical) {}
  uint64_t* table(uint64_t gpa) const { return static_cast<uint64_t*>(physical_->system_pointer(gpa)); }
  uint64_t directory_pointers(uint64_t address) const { return first_table_ + (address >> 39) * 4096; }
  // The page-directory entry of `address`; nullptr when absent and not to be made, or when memory ran out.
  uint64_t* find_directory_entry(uint64_t address) const;
  uint64_t* make_directory_entry(uint64_t address);
  uint64_t* make_entry_below(uint64_t level3_table, uint64_t address, unsigned level);
  std::optional<uint64_t> table_for(uint64_t address);
  bool split_large(uint64_t* entry, uint64_t address);
  void park(uint64_t chunk, uint64_t gpa);
  void clear_part(uint64_t* entry, uint64_t start, uint64_t end);
  bool map_chunk(uint64_t start, uint64_t end, uint64_t gpa, uint64_t flags, LeafSize leaf);
  uint64_t next_present_chunk(uint64_t address, uint64_t end) const;

  GuestPhysical* physical_;
  uint64_t first_table_ = 0;  // the table of PML4 entry 0; those of 1..222 follow
  std::bitset<512> used_;     // PML4 entries below which anything was ever mapped
  // The tables of 2 MiB chunks that have none now, by chunk. A page that was the table of one chunk is never that of
  // another: with shadow paging KVM keeps the way from the old chunk to what it has shadowed of the page, and nothing
  // of ours makes it forget.
  std::unordered_map<uint64_t, uint64_t> parked_;
  std::vector<uint64_t> emptied_;  // parked since the last release_tables()
};

template <class Fn>
void PageTables::for_each_leaf(uint64_t start, uint64_t end, Fn&& fn) const {
  for (uint64_t at = next_present_chunk(start, end); at < end; at = next_present_chunk(at, end)) {
    const uint64_t chunk_end = (at | (x86::kLargePageSize - 1)) + 1;
    const uint64_t stop = chunk_end < end ? chunk_end : end;
    const uint64_t entry = *find_directory_entry(at);
    if (entry & x86::kPteLarge) {
      fn(at, stop, entry);
    } else {
      const uint64_t* leaves = table(entry & x86::kPteAddressMask);
      for (uint64_t page = at; page < stop; page += 4096) {
        const uint64_t leaf_entry = leaves[(page >> 12) & 511];
        if (leaf_entry & x86::kPtePresent) fn(page, page + 4096, leaf_entry);
      }
    }
    at = stop;
  }
}

}  // namespace kontain::mem
