// The payload's memory: what mmap(2) and its relatives do, mirrored in the host's mappings, in our own tree of
// mappings (the one source of truth) and in the guest's page tables.
//
// Order of every change (notes in docs/adr/0004): reduce or retarget page-table entries first, then make the host's
// call, whose mmu-notifier event drops what KVM has shadowed; add presence and rights only after the host has them.
// A call that fails has changed neither tree nor page tables, except where Linux itself documents partial effects.
// Thread-safe: one lock, never held across anything that can block for long.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>

#include "base/error.h"
#include "km/mem/copy.h"
#include "km/mem/guest_physical.h"
#include "km/mem/mapping_view.h"
#include "km/mem/page_tables.h"
#include "km/mem/vma_tree.h"

namespace kontain::mem {

// The arguments of mmap(2), untrusted.
struct MapRequest {
  uint64_t address = 0;
  uint64_t length = 0;  // bytes, rounded up to pages
  int protection = 0;   // PROT_*
  int flags = 0;        // MAP_*
  int fd = -1;          // for file mappings: a payload descriptor that is not the monitor's
  uint64_t offset = 0;  // bytes, page-aligned
};

// Why a page fault of the payload could not be repaired: what its signal says.
struct FaultSignal {
  int signal;  // SIGSEGV or SIGBUS
  int code;    // SEGV_MAPERR, SEGV_ACCERR, BUS_ADRERR, ...
};

// When large anonymous mappings get transparent huge pages.
enum class HugePages { Auto, Always, Never };

class AddressSpace {
 public:
  // `reserved` ranges must be in place (reservation.h). `physical` outlives the object.
  explicit AddressSpace(GuestPhysical& physical, PageTables& tables);

  GuestResult<uint64_t> map(const MapRequest& request);
  GuestResult<void> unmap(uint64_t address, uint64_t length);
  GuestResult<void> protect(uint64_t address, uint64_t length, int protection);
  // mremap(2).
  GuestResult<uint64_t> remap(uint64_t old_address, uint64_t old_length, uint64_t new_length, int flags,
                              uint64_t new_address);
  // brk(2): the new break, or the old one when the request cannot be met.
  uint64_t set_break(uint64_t address);
  // The first address of the heap; everything from here on is brk's until the next mapping.
  void start_break(uint64_t address);
  // madvise(2) with an allow-list of advice values.
  GuestResult<void> advise(uint64_t address, uint64_t length, int advice);
  // True when every page of the range is mapped: what msync, mincore, mlock answer ENOMEM for otherwise.
  bool is_mapped(uint64_t address, uint64_t length);
  // Where an unmapped run of `length` bytes is, top-down below the mmap base; 0 when there is none.
  uint64_t find_free(uint64_t length, uint64_t alignment);

  // A page fault of the payload at `address` with the hardware's error code (SDM vol. 3A, 4.7). Nothing: repaired,
  // run again.
  std::optional<FaultSignal> handle_fault(uint64_t address, uint64_t error_code);
  // KVM could not access the host's page behind a mapping (it does not say which): drops the page-table entries of all
  // file mappings, so that the next access faults with its address.
  void drop_file_entries();

  void set_huge_pages(HugePages policy) { huge_pages_ = policy; }
  // mmap's search starts below this address (kGuestTop minus the stack's share).
  void set_mmap_top(uint64_t address) { mmap_top_ = address; }
  // Bytes a MAP_GROWSDOWN mapping may grow to: the payload's soft RLIMIT_STACK.
  void set_stack_limit(uint64_t bytes) { stack_limit_ = bytes; }

  // Where the initial stack ends: names its mapping in for_each_mapping().
  void set_stack_top(uint64_t address) { stack_top_ = address; }
  // Calls fn for every mapping of the payload, by address, as they were at one instant. fn may call back into us.
  void for_each_mapping(const std::function<void(const MappingView&)>& fn);

  // Debug walk: every page-table entry grants at most what the tree says, and the tree agrees with the host's
  // /proc/self/maps. The first disagreement in words, or nothing.
  std::optional<std::string> check_consistency();

 private:
  GuestResult<uint64_t> choose_address(const MapRequest& request, uint64_t length);
  void unmap_locked(uint64_t start, uint64_t end);
  void recover_after_failed_map(uint64_t start, uint64_t end);
  int protect_part(Vma& part, int protection);  // 0 or an errno
  void populate(const Vma& vma);
  GuestResult<uint64_t> grow_in_place(uint64_t old_end, uint64_t new_end, const Vma& vma);
  GuestResult<uint64_t> move(const Vma& vma, uint64_t old_address, uint64_t old_length, uint64_t new_length, int flags,
                             uint64_t new_address);
  // Grants page-table entries of [start, end) what `vma` allows, eagerly or not at all by size and kind.
  void fill(const Vma& vma, uint64_t start, uint64_t end);
  uint64_t find_free_locked(uint64_t length, uint64_t alignment);
  const Vma* grow_down(uint64_t address);
  std::optional<FaultSignal> fault_in_file(const Vma& vma, uint64_t page, bool write);
  void advise_huge(const Vma& vma, uint64_t start, uint64_t end);

  std::mutex lock_;
  GuestPhysical& physical_;
  PageTables& tables_;
  VmaTree tree_;
  uint64_t mmap_top_ = kGuestTop;
  uint64_t break_start_ = 0;
  uint64_t break_ = 0;
  uint64_t stack_limit_ = 8 << 20;
  uint64_t stack_top_ = 0;
  uint64_t shared_objects_ = 0;  // identities given to shared anonymous memory
  HugePages huge_pages_ = HugePages::Auto;
};

}  // namespace kontain::mem
