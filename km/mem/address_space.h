// The payload's memory: what mmap(2) and its relatives do, mirrored in the host's mappings, in our own tree of
// mappings (the one source of truth) and in the guest's page tables.
//
// Order of every change (docs/adr/0004): reduce or retarget page-table entries first, then make the host's call, whose
// mmu-notifier event drops what KVM has shadowed; add presence and rights only after the host has them. A call that
// fails has changed neither tree nor page tables, except where Linux itself documents partial effects.
//
// Thread-safe: one lock, never held across what can block for long. Files are read, pages populated and advice about
// contents given without it; what was true before is looked at again afterwards. Lock order: this lock, then
// GuestPhysical's.
#pragma once

#include <sys/resource.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/checked.h"
#include "base/error.h"
#include "base/lock.h"
#include "km/mem/call_sites.h"
#include "km/mem/copy.h"
#include "km/mem/guest_physical.h"
#include "km/mem/mapping_view.h"
#include "km/mem/page_tables.h"
#include "km/mem/vma_tree.h"

namespace kontain::mem {

// Linux's stack_guard_gap: a growing stack and what lies below it stay this far apart.
inline constexpr uint64_t kStackGuard = 256 * kPageSize;

// How much of small-paged memory comes with the first page that is touched, and at most where one part follows another:
// every page that is touched by itself costs a fault of the host.
inline constexpr uint64_t kTouchFill = 16 * kPageSize;
inline constexpr uint64_t kLargestTouchFill = 64 * kPageSize;

// How much of the memory that two processes share behind a fork each of them copies at once.
inline constexpr uint64_t kCopiedAtOnce = 64 * kPageSize;

// The arguments of mmap(2), untrusted.
struct MapRequest {
  uint64_t address = 0;
  uint64_t length = 0;  // bytes, rounded up to pages
  int protection = 0;   // PROT_*
  int flags = 0;        // MAP_*
  int fd = -1;          // for file mappings: a payload descriptor that is not the monitor's
  uint64_t offset = 0;  // bytes, page-aligned
};

// The arguments of shmat(2) with what is known of the segment.
struct AttachRequest {
  int id = 0;
  uint64_t size = 0;  // bytes, as shmctl(IPC_STAT) says
  uint64_t address = 0;
  int flags = 0;  // SHM_*
};

// Why a page fault of the payload could not be repaired: what its signal says.
struct FaultSignal {
  int signal;  // SIGSEGV or SIGBUS
  int code;    // SEGV_MAPERR, SEGV_ACCERR, BUS_ADRERR, ...
};

// One thread's KVM_RUN failures in a row on a page of the host that cannot be had. Any other exit starts it anew.
struct HostFaults {
  int in_a_row = 0;
  int drops = 0;
  uint64_t changes = 0;  // AddressSpace's count of changes at the last one
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
  // mseal(2), by our own tree: the host's mappings stay as they are.
  GuestResult<void> seal(uint64_t address, uint64_t length);
  // mlock(2), or with `flags` MLOCK_ONFAULT mlock2(2).
  GuestResult<void> lock_pages(uint64_t address, uint64_t length, int flags);
  GuestResult<void> unlock_pages(uint64_t address, uint64_t length);
  // mlockall(2) and munlockall(2), of the payload's mappings only.
  GuestResult<void> lock_all(int flags);
  GuestResult<void> unlock_all();
  // shmat(2) and shmdt(2).
  GuestResult<uint64_t> attach_segment(const AttachRequest& request);
  GuestResult<void> detach_segment(uint64_t address);

  // True when every page of the range is mapped: what mincore and others answer ENOMEM for otherwise.
  bool is_mapped(uint64_t address, uint64_t length);
  // Calls fn(start, length) for each run of mapped pages of the page-aligned range, not holding the lock; fn returns 0
  // or -errno, which ends it. ENOMEM when there were holes.
  GuestResult<void> for_each_run(uint64_t address, uint64_t length,
                                 const std::function<long(uint64_t start, uint64_t length)>& fn);
  // Where an unmapped run of `length` bytes is, top-down below the mmap base; 0 when there is none.
  uint64_t find_free(uint64_t length, uint64_t alignment);

  // A page fault of the payload at `address` with the hardware's error code (SDM vol. 3A, 4.7). Nothing: repaired,
  // run again.
  std::optional<FaultSignal> handle_fault(uint64_t address, uint64_t error_code);
  // KVM could not access the host's page behind a mapping; it does not say which. True: run again, and either it works
  // or a page fault tells the address. False: the page cannot be had, SIGBUS without a known address.
  bool retry_after_host_fault(HostFaults& faults);
  // The host's kernel or a copy of ours could not access [address, address + size). True when there is now reason to
  // try again: a stack has grown down to it, or a change of its mapping was under way. Natively the kernel grows
  // stacks when read(2) or a signal frame writes below them.
  bool resolve_failed_copy(uint64_t address, uint64_t size, bool write);
  // The part of it that grows stacks, for a host's call that failed with EFAULT. True when one has grown down to
  // `address` just now: make the call again.
  bool grow_stack_for(uint64_t address, uint64_t size);
  // Lets every copy_in and copy_out that fails ask this object, and serving() be it.
  void serve_failed_copies();
  // For those who have a guest address and nothing else; nullptr before serve_failed_copies().
  static AddressSpace* serving();

  // A SYSCALL instruction before `return_address` becomes a jump to `entry` (call_sites.h), if it is in text of a file
  // and there is room near it. True: it is one now.
  bool replace_call_site(uint64_t return_address, uint64_t entry);
  // The address of the SYSCALL that the instruction at `pc`, one of ours, has to do with.
  std::optional<uint64_t> call_site_of(uint64_t pc);

  // fork(2). Hold every lock of memory across the host's fork; release them in both processes. The child's locks are
  // free again, mappings with MADV_DONTFORK are gone, and it has no locked memory. Its page tables are its own copy:
  // what remains is another machine over the same memory.
  // `stack_pointer` of the thread that forks: memory around it is copied at once.
  void prepare_fork(uint64_t stack_pointer);
  void finish_fork_in_parent();
  void finish_fork_in_child();
  // After a vfork(2) child has ended: if it was killed holding the lock, frees it. Best effort: what it was changing
  // may be half done.
  void release_lock_of_dead_child();

  void set_huge_pages(HugePages policy) { huge_pages_ = policy; }
  // mmap's search starts below this address (kGuestTop minus the stack's share).
  void set_mmap_top(uint64_t address) { mmap_top_ = address; }
  // Bytes a MAP_GROWSDOWN mapping may grow to: the payload's soft RLIMIT_STACK.
  void set_stack_limit(uint64_t bytes) { stack_limit_.store(bytes, std::memory_order_relaxed); }
  // The payload's soft RLIMIT_AS and RLIMIT_DATA, bytes: no call makes its mappings larger. RLIM_INFINITY: no limit.
  void set_size_limits(uint64_t address_space, uint64_t data);
  // Where the initial stack ends: names its mapping in for_each_mapping().
  void set_stack_top(uint64_t address) { stack_top_ = address; }
  // Calls fn for every mapping of the payload, by address, as they were at one instant. fn may call back into us.
  void for_each_mapping(const std::function<void(const MappingView&)>& fn);

  // Debug walk: every page-table entry grants at most what the tree says, and the tree agrees with the host's
  // /proc/self/maps. The first disagreement in words, or nothing.
  std::optional<std::string> check_consistency();

 private:
  struct Run {
    uint64_t start;
    uint64_t end;
  };

  GuestResult<uint64_t> choose_address(const MapRequest& request, uint64_t length);
  bool is_hint_usable(const MapRequest& request, uint64_t hint, uint64_t length) const;
  bool is_in_stack_guard(uint64_t start, uint64_t end) const;
  GuestResult<uint64_t> place(const MapRequest& request, Vma vma);
  bool may_add(uint64_t bytes, const Vma& like, uint64_t replaced_start, uint64_t replaced_end) const;
  bool may_add(uint64_t bytes, const Vma& like) const { return may_add(bytes, like, 0, 0); }
  int lock_new(const Vma& vma, bool wanted);  // 0 or an errno, and then unmapped again
  int unmap_locked(uint64_t start, uint64_t end);
  void refill(uint64_t start, uint64_t end);
  void recover_after_failed_map(uint64_t start, uint64_t end);
  int protect_part(Vma& part, int protection);
  bool any_sealed(uint64_t start, uint64_t end) const;
  std::optional<Run> next_run(uint64_t start, uint64_t end) const;
  GuestResult<void> advise_data(uint64_t start, uint64_t end, int advice);
  // What becomes of the bytes of a range that is changed: the text's own have to be in it, or not.
  enum class Contents { Stay, Go };
  void put_sites_back(uint64_t start, uint64_t end, Contents contents);
  CallSites::Text* text_for_sites(const Vma& vma, uint64_t entry);
  void forget_touched(uint64_t start, uint64_t end);
  GuestResult<void> advise_mapping(uint64_t start, uint64_t end, int advice);
  GuestResult<void> set_locked(uint64_t address, uint64_t length, bool lock);
  GuestResult<void> populate_locked(uint64_t start, uint64_t end);
  void populate(uint64_t start, uint64_t end, int protection, bool shared);
  GuestResult<void> grow_in_place(uint64_t old_end, uint64_t new_end, const Vma& vma);
  GuestResult<uint64_t> move(const Vma& vma, uint64_t old_address, uint64_t old_length, uint64_t new_length, int flags,
                             uint64_t new_address);
  GuestResult<uint64_t> segment_address(const AttachRequest& request, uint64_t length);
  // Grants page-table entries of [start, end) what `vma` allows, eagerly or not at all by size and kind.
  void fill(const Vma& vma, uint64_t start, uint64_t end);
  bool fill_file(const Vma& vma, uint64_t start, uint64_t end, int protection);
  void fill_new(const Vma& vma, uint64_t start, uint64_t end);
  bool fill_touched(const Vma& vma, uint64_t start, uint64_t end);
  bool wants_huge(const Vma& vma) const;
  Run touched_run(const Vma& vma, uint64_t address);
  uint64_t find_free_locked(uint64_t length, uint64_t alignment) const;
  uint64_t find_below_locked(uint64_t ceiling, uint64_t floor, uint64_t length, uint64_t alignment) const;
  const Vma* grow_down(uint64_t address);
  std::optional<FaultSignal> fault_in_memory(const Vma& vma, uint64_t address, int needed);
  std::optional<FaultSignal> fault_in_file(const Vma& vma, uint64_t address, int needed);
  long try_file(std::unique_lock<Lock>& hold, const Vma& vma, uint64_t page, int needed);
  void drop_file_entries();
  void drop_unforked();
  void choose_copied_at_once(uint64_t stack_pointer);
  void copy_at_once();

  Lock lock_;
  GuestPhysical& physical_;
  PageTables& tables_;
  VmaTree tree_;
  uint64_t changes_ = 0;  // of mappings and their rights
  uint64_t mmap_top_ = kGuestTop;
  uint64_t break_start_ = 0;
  uint64_t break_ = 0;
  std::atomic<uint64_t> stack_limit_{8 << 20};
  std::atomic<uint64_t> size_limit_{RLIM_INFINITY};
  std::atomic<uint64_t> data_limit_{RLIM_INFINITY};
  uint64_t stack_top_ = 0;
  uint64_t shared_objects_ = 0;  // identities given to shared anonymous memory
  int lock_future_ = 0;          // MCL_FUTURE and MCL_ONFAULT of mlockall(2)
  bool any_unforked_ = false;    // MADV_DONTFORK was ever used
  bool any_sealed_ = false;      // mseal was ever used
  HugePages huge_pages_ = HugePages::Auto;
  // The last runs that were filled because one of their pages was touched, and which of them goes next.
  std::array<Run, 8> touched_{};
  size_t oldest_touched_ = 0;
  std::vector<Run> copied_at_once_;  // by the fork that is under way
  CallSites sites_;
  std::atomic<bool> any_sites_ = false;  // ever
  // Chunks of 2 MiB that may have entries of file mappings: what has to be dropped after a host fault.
  std::set<uint64_t> file_chunks_;
  // A file mapped by the payload has shrunk: from then on its pages are tried before they get an entry.
  bool files_shrink_ = false;
  std::map<int, uint64_t> segment_sizes_;  // bytes, by shmid, of every segment ever attached
};

}  // namespace kontain::mem
