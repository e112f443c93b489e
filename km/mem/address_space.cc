#include "km/mem/address_space.h"

#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>

#include "base/checked.h"
#include "base/host_call.h"
#include "km/mem/host_memory.h"
#include "km/mem/reservation.h"

namespace kontain::mem {
namespace {

// Below these sizes a mapping's entries are written at once; above them, by fault, a part at a time.
constexpr uint64_t kEagerLimit = 4ull << 20;
constexpr uint64_t kEagerFileLimit = 64ull << 20;
// From this size on a mapping is placed at a 2 MiB boundary and may get huge pages.
constexpr uint64_t kHugeSize = x86::kLargePageSize;
constexpr uint64_t kHugeAutoSize = 16ull << 20;
// A small mapping's hint in a window of its own is honoured only while there are few windows: V8's random hints made
// hundreds.
constexpr size_t kHintedWindowLimit = 64;
constexpr uint64_t kLow32Start = 0x4000'0000;
constexpr uint64_t kLow32End = 0x8000'0000;
constexpr int kProtectionMask = PROT_READ | PROT_WRITE | PROT_EXEC;

tl::unexpected<Errno> guest_error(int value) { return tl::make_unexpected(Errno{value}); }

bool is_fixed(int flags) { return flags & (MAP_FIXED | MAP_FIXED_NOREPLACE); }

bool is_known_type(int flags) {
  const int type = flags & MAP_TYPE;
  return type == MAP_PRIVATE || type == MAP_SHARED || type == MAP_SHARED_VALIDATE;
}

// Why a file cannot be mapped although the host would: 0 or an errno.
int refuse_file(const MapRequest& request, const struct stat& status) {
  const bool maybe_huge = static_cast<uint64_t>(status.st_blksize) >= kHugeSize;
  if (!maybe_huge && !(request.protection & PROT_EXEC)) return 0;
  struct statfs system;
  if (fstatfs(request.fd, &system) != 0) return 0;
  // Mapped and unmapped in its own page size only, which our tree does not know.
  if (system.f_type == HUGETLBFS_MAGIC) return ENOMEM;
  // The host's mapping is not executable, so its kernel does not object.
  return (request.protection & PROT_EXEC) && (system.f_flags & ST_NOEXEC) ? EPERM : 0;
}

// Which file is mapped, and how much of it can be without SIGBUS: whole pages up to its end.
int describe_file(const MapRequest& request, Vma& vma) {
  vma.offset = request.offset;
  struct stat status;
  if (fstat(request.fd, &status) != 0) return errno;
  vma.device = status.st_dev;
  vma.inode = status.st_ino;
  if (S_ISREG(status.st_mode)) {
    const uint64_t size = page_up(static_cast<uint64_t>(status.st_size));
    vma.file_end = std::min(vma.end, size > request.offset ? size - request.offset : 0);
  }
  return refuse_file(request, status);
}

// The mapping that is asked for, as if it began at 0. Visits the file system.
GuestResult<Vma> describe(const MapRequest& request, uint64_t length) {
  Vma vma;
  vma.end = length;
  vma.file_end = length;
  vma.protection = request.protection & kProtectionMask;
  vma.shared = (request.flags & MAP_TYPE) != MAP_PRIVATE;
  vma.anonymous = request.flags & MAP_ANONYMOUS;
  vma.grows_down = vma.anonymous && (request.flags & MAP_GROWSDOWN);
  vma.stack = request.flags & (MAP_STACK | MAP_GROWSDOWN);
  if (vma.anonymous) return vma;
  if (const int error = describe_file(request, vma)) return guest_error(error);
  return vma;
}

void move_to(uint64_t address, Vma& vma) {
  vma.start += address;
  vma.end += address;
  vma.file_end += address;
}

bool wants_population(int flags) { return (flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE; }

}  // namespace

AddressSpace::AddressSpace(GuestPhysical& physical, PageTables& tables) : physical_(physical), tables_(tables) {}

GuestResult<uint64_t> AddressSpace::map(const MapRequest& request) {
  const uint64_t length = page_up(request.length);
  if (request.length == 0) return guest_error(EINVAL);
  if (length == 0 || length > kGuestTop) return guest_error(ENOMEM);
  if (!is_page_aligned(request.offset) || !is_known_type(request.flags)) return guest_error(EINVAL);
  if ((request.flags & MAP_GROWSDOWN) && (request.flags & MAP_TYPE) != MAP_PRIVATE) return guest_error(EINVAL);
  if (request.flags & MAP_HUGETLB) return guest_error(ENOMEM);
  auto vma = describe(request, length);
  if (!vma) return tl::make_unexpected(vma.error());

  std::unique_lock hold(lock_);
  const auto address = place(request, *vma);
  if (!address) return address;
  const bool locked = (request.flags & MAP_LOCKED) || (lock_future_ && !(lock_future_ & MCL_ONFAULT));
  hold.unlock();
  // A dynamic linker is about to write what is writable of a file; that may have to be read first, so not with the
  // lock.
  const bool own_file_pages = !vma->anonymous && !vma->shared && (vma->protection & PROT_WRITE) && length <= kTouchFill;
  if (locked || wants_population(request.flags) || own_file_pages) {
    populate(*address, *address + length, vma->protection, vma->shared);
  }
  return address;
}

void AddressSpace::set_size_limits(uint64_t address_space, uint64_t data) {
  size_limit_.store(address_space, std::memory_order_relaxed);
  data_limit_.store(data, std::memory_order_relaxed);
}

// As may_expand_vm() of Linux's mm/mmap.c. Counting is for those who have a limit.
bool AddressSpace::may_add(uint64_t bytes, const Vma& like, uint64_t replaced_start, uint64_t replaced_end) const {
  const uint64_t size_limit = size_limit_.load(std::memory_order_relaxed);
  const uint64_t data_limit = data_limit_.load(std::memory_order_relaxed);
  if (size_limit != RLIM_INFINITY) {
    const uint64_t kept = tree_.size_in_bytes() - tree_.size_in_bytes(replaced_start, replaced_end);
    if (kept + bytes > size_limit) return false;
  }
  return data_limit == RLIM_INFINITY || !like.is_data() || tree_.data_in_bytes() + bytes <= data_limit;
}

// Maps `vma`, which begins at 0, where it may go.
GuestResult<uint64_t> AddressSpace::place(const MapRequest& request, Vma vma) {
  const auto address = choose_address(request, vma.end);
  if (!address) return address;
  move_to(*address, vma);
  if (vma.anonymous && vma.shared) vma.inode = ++shared_objects_;
  if (any_sealed(vma.start, vma.end)) return guest_error(EPERM);
  if (!may_add(vma.end - vma.start, vma, vma.start, vma.end)) return guest_error(ENOMEM);
  const bool replaces = tree_.any(vma.start, vma.end);
  if (replaces) put_sites_back(vma.start, vma.end, Contents::Go);
  if (replaces) tables_.clear(vma.start, vma.end);
  const long mapped = host_map(vma, request);
  if (mapped < 0) {
    if (replaces) recover_after_failed_map(vma.start, vma.end);
    return guest_error(static_cast<int>(-mapped));
  }
  ++changes_;
  if (replaces) {
    tables_.release_tables();
    tree_.erase(vma.start, vma.end);
  }
  vma.huge = wants_huge(vma);
  tree_.insert(vma);
  if (const int error = lock_new(vma, request.flags & MAP_LOCKED)) return guest_error(error);
  if (vma.huge) host_call(SYS_madvise, vma.start, vma.end - vma.start, MADV_HUGEPAGE);
  fill_new(vma, vma.start, vma.end);
  return address;
}

bool AddressSpace::is_hint_usable(const MapRequest& request, uint64_t hint, uint64_t length) const {
  if (!in_guest(hint, length) || tree_.any(hint, hint + length)) return false;
  if ((request.flags & MAP_32BIT) && hint + length > kLow32End) return false;
  if (is_in_stack_guard(hint, hint + length)) return false;
  return length >= kWindowSize || physical_.find(hint) || physical_.window_count() < kHintedWindowLimit;
}

GuestResult<uint64_t> AddressSpace::choose_address(const MapRequest& request, uint64_t length) {
  if (is_fixed(request.flags)) {
    if (!is_page_aligned(request.address)) return guest_error(EINVAL);
    if (request.address < kLowStart) return guest_error(EPERM);
    if (!in_guest(request.address, length)) return guest_error(ENOMEM);
    if ((request.flags & MAP_FIXED_NOREPLACE) && tree_.any(request.address, request.address + length)) {
      return guest_error(EEXIST);
    }
    return request.address;
  }
  // As Linux: a hint below the lowest address means the lowest address.
  const uint64_t page = page_down(request.address);
  const uint64_t hint = page == 0 ? 0 : std::max(page, kLowStart);
  if (hint != 0 && is_hint_usable(request, hint, length)) return hint;
  if (request.flags & MAP_32BIT) {
    const uint64_t low = tree_.find_free_above(kLow32Start, kLow32End, length, kPageSize);
    if (low == 0) return guest_error(ENOMEM);
    return low;
  }
  const bool large = (request.flags & MAP_ANONYMOUS) && length >= kHugeSize;
  uint64_t free = find_free_locked(length, large ? kHugeSize : kPageSize);
  if (free == 0 && large) free = find_free_locked(length, kPageSize);
  if (free == 0) return guest_error(ENOMEM);
  return free;
}

uint64_t AddressSpace::find_free(uint64_t length, uint64_t alignment) {
  std::scoped_lock hold(lock_);
  return find_free_locked(length, alignment);
}

uint64_t AddressSpace::find_free_locked(uint64_t length, uint64_t alignment) const {
  const uint64_t high = find_below_locked(mmap_top_, kHighStart, length, alignment);
  return high != 0 ? high : find_below_locked(kLowEnd, kLowStart, length, alignment);
}

// Keeps away from below stacks that may grow.
uint64_t AddressSpace::find_below_locked(uint64_t ceiling, uint64_t floor, uint64_t length, uint64_t alignment) const {
  for (;;) {
    const uint64_t address = tree_.find_free_below(ceiling, floor, length, alignment);
    if (address == 0 || !is_in_stack_guard(address, address + length)) return address;
    const uint64_t stack = tree_.first_above(address)->start;
    if (stack < floor + kStackGuard) return 0;
    ceiling = stack - kStackGuard;
  }
}

bool AddressSpace::is_in_stack_guard(uint64_t start, uint64_t end) const {
  const Vma* above = tree_.first_above(start);
  return above && above->grows_down && above->start >= end && above->start - end < kStackGuard;
}

// Linux may have unmapped the range before it failed; if so that is what the payload gets, as there.
void AddressSpace::recover_after_failed_map(uint64_t start, uint64_t end) {
  for (uint64_t at = start; at < end;) {
    const Vma* vma = tree_.find(at);
    const uint64_t stop = vma ? std::min(end, vma->end) : end;
    if (vma && !host_is_mapped(at, kPageSize)) {
      reserve_range(at, stop);
      tree_.erase(at, stop);
      ++changes_;
    } else if (vma) {
      fill(Vma(*vma), at, stop);
    }
    at = stop;
    if (const Vma* next = tree_.first_above(at); next && next->start > at) at = std::min(end, next->start);
  }
}

GuestResult<void> AddressSpace::unmap(uint64_t address, uint64_t length) {
  const uint64_t size = page_up(length);
  if (!is_page_aligned(address) || size == 0 || address + size < address) return guest_error(EINVAL);
  // Natively anything below TASK_SIZE is a valid range; nothing of the payload's lies outside the two.
  if (address + size > x86::kTaskSizeMax) return guest_error(EINVAL);
  std::scoped_lock hold(lock_);
  if (any_sealed(address, address + size)) return guest_error(EPERM);
  for (const auto& [low, high] : {std::pair{kLowStart, kLowEnd}, std::pair{kHighStart, kGuestTop}}) {
    const uint64_t start = std::max(address, low);
    const uint64_t end = std::min(address + size, high);
    if (start >= end || !tree_.any(start, end)) continue;
    if (const int error = unmap_locked(start, end)) return guest_error(error);
  }
  return {};
}

// 0 or an errno, and then nothing has changed. A process that has all the mappings it may have gets a hole instead of
// a reservation: nothing of the monitor is ever placed there, because it all goes above the ranges.
int AddressSpace::unmap_locked(uint64_t start, uint64_t end) {
  put_sites_back(start, end, Contents::Go);
  tables_.clear(start, end);
  if (!reserve_range(start, end)) {
    const long result = host_call(SYS_munmap, start, end - start);
    if (result < 0) {
      refill(start, end);
      return static_cast<int>(-result);
    }
  }
  ++changes_;
  tables_.release_tables();
  tree_.erase(start, end);
  return 0;
}

// Gives the mappings of [start, end) their entries back.
void AddressSpace::refill(uint64_t start, uint64_t end) {
  for (const Vma* vma = tree_.first_above(start); vma && vma->start < end; vma = tree_.first_above(vma->end)) {
    fill(*vma, std::max(start, vma->start), std::min(end, vma->end));
  }
}

bool AddressSpace::any_sealed(uint64_t start, uint64_t end) const {
  if (!any_sealed_) return false;
  for (const Vma* vma = tree_.first_above(start); vma && vma->start < end; vma = tree_.first_above(vma->end)) {
    if (vma->sealed) return true;
  }
  return false;
}

GuestResult<void> AddressSpace::protect(uint64_t address, uint64_t length, int protection) {
  constexpr int kGrows = PROT_GROWSDOWN | PROT_GROWSUP;
  if ((protection & kGrows) == kGrows || !is_page_aligned(address)) return guest_error(EINVAL);
  if (length == 0) return {};
  const uint64_t size = page_up(length);
  if (size == 0 || address + size < address) return guest_error(ENOMEM);
  if (protection & ~(kProtectionMask | kGrows | 8 /* PROT_SEM */)) return guest_error(EINVAL);
  std::scoped_lock hold(lock_);
  uint64_t start = address;
  const uint64_t end = address + size;
  const Vma* first = tree_.first_above(address);
  if (!first || first->start >= end) return guest_error(ENOMEM);
  if (protection & PROT_GROWSDOWN) {
    if (!first->grows_down) return guest_error(EINVAL);
    start = first->start;
  } else if (first->start > start) {
    return guest_error(ENOMEM);
  } else if (protection & PROT_GROWSUP) {
    return guest_error(EINVAL);  // no stack grows up here
  }
  protection &= kProtectionMask;
  // As Linux: parts before a hole are changed, then ENOMEM.
  int error = 0;
  uint64_t reached = start;
  tree_.update(start, end, [&](Vma& part) {
    if (part.start != reached) return false;
    error = protect_part(part, protection);
    if (error == 0) reached = part.end;
    return error == 0;
  });
  if (error != 0) return guest_error(error);
  if (reached < end) return guest_error(ENOMEM);
  return {};
}

int AddressSpace::protect_part(Vma& part, int protection) {
  const int old = part.protection;
  if (part.sealed) return EPERM;
  if (old == protection) return 0;
  put_sites_back(part.start, part.end, Contents::Stay);
  const bool reduces = old & ~protection & kProtectionMask;
  if (reduces) tables_.restrict_to(part.start, part.end, old & protection);
  const long result = host_protect(part, protection);
  if (result < 0) {
    if (reduces) fill(part, part.start, part.end);
    return static_cast<int>(-result);
  }
  ++changes_;
  if (reduces && host_protection(old) == host_protection(protection)) invalidate_shadow(part, protection);
  tables_.release_tables();
  part.protection = protection;
  if (old == PROT_NONE) {
    fill_new(part, part.start, part.end);
  } else if (protection & ~old) {
    fill(part, part.start, part.end);
  }
  return 0;
}

void AddressSpace::start_break(uint64_t address) {
  std::scoped_lock hold(lock_);
  break_start_ = address;
  break_ = address;
}

uint64_t AddressSpace::set_break(uint64_t address) {
  std::unique_lock hold(lock_);
  if (address < break_start_ || !in_guest(break_start_, address - break_start_)) return break_;
  const uint64_t old_end = page_up(break_);
  const uint64_t new_end = page_up(address);
  if (new_end < old_end) {
    if (any_sealed(new_end, old_end) || unmap_locked(new_end, old_end) != 0) return break_;
  } else if (new_end > old_end) {
    // As Linux: a page stays free between the heap and the next mapping.
    if (!in_guest(old_end, new_end - old_end) || tree_.any(old_end, new_end + kPageSize)) return break_;
    if (is_in_stack_guard(old_end, new_end)) return break_;
    constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    const MapRequest request = {old_end, new_end - old_end, PROT_READ | PROT_WRITE, kFlags, -1, 0};
    if (!place(request, describe(request, new_end - old_end).value())) return break_;
  }
  break_ = address;
  const bool populates = new_end > old_end && lock_future_ != 0 && !(lock_future_ & MCL_ONFAULT);
  hold.unlock();
  if (populates) populate(old_end, new_end, PROT_READ | PROT_WRITE, false);
  return address;
}

bool AddressSpace::is_mapped(uint64_t address, uint64_t length) {
  std::scoped_lock hold(lock_);
  return in_guest(address, length) && tree_.covers(page_down(address), page_up(address + length));
}

bool AddressSpace::wants_huge(const Vma& vma) const {
  if (!vma.is_private_memory() || vma.stack || huge_pages_ == HugePages::Never) return false;
  const uint64_t least = huge_pages_ == HugePages::Always ? kHugeSize : kHugeAutoSize;
  return vma.end - vma.start >= least && (vma.protection & PROT_WRITE);
}

// As Linux: only private memory is populated for writing. What cannot be had is left to page faults.
void AddressSpace::populate(uint64_t start, uint64_t end, int protection, bool shared) {
  if (protection == 0) return;
  const int advice = (protection & PROT_WRITE) && !shared ? MADV_POPULATE_WRITE : MADV_POPULATE_READ;
  host_call(SYS_madvise, start, end - start, static_cast<uint64_t>(advice));
}

// What cannot be filled now comes by fault, where running out is the payload's SIGBUS.
void AddressSpace::fill(const Vma& vma, uint64_t start, uint64_t end) {
  if (vma.protection == 0) return;
  const uint64_t stop = std::min(end, vma.accessible_end());
  if (start >= stop) return;
  if (!vma.anonymous) {
    fill_file(vma, start, std::min(stop, start + kEagerFileLimit), vma.protection);
    return;
  }
  const LeafSize leaf = vma.shared ? LeafSize::Small : LeafSize::LargeAllowed;
  if (stop - start > kEagerLimit) {
    tables_.map_touched(start, stop, vma.protection, leaf);
  } else {
    tables_.map(start, stop, vma.protection, leaf, vma.start, vma.end);
  }
}

// Nothing of it has been touched yet. Large memory comes by fault, a part at a time; stacks begin at their end.
void AddressSpace::fill_new(const Vma& vma, uint64_t start, uint64_t end) {
  if (!vma.comes_by_touch()) return fill(vma, start, end);
  if (vma.stack && end - start > kTouchFill) start = end - kTouchFill;
  if (end - start <= kTouchFill) fill_touched(vma, start, end);
}

// What cannot be had now comes by fault. KVM's shadow takes pages that are there, and writable, eight at a time.
bool AddressSpace::fill_touched(const Vma& vma, uint64_t start, uint64_t end) {
  host_call(SYS_madvise, start, end - start, MADV_POPULATE_WRITE);
  return tables_.map(start, end, vma.protection, LeafSize::Small, vma.start, vma.end);
}

bool AddressSpace::fill_file(const Vma& vma, uint64_t start, uint64_t end, int protection) {
  for (uint64_t chunk = align_down(start, kHugeSize); chunk < end; chunk += kHugeSize) file_chunks_.insert(chunk);
  return tables_.map(start, end, protection, LeafSize::Small, vma.start, vma.end);
}

}  // namespace kontain::mem
