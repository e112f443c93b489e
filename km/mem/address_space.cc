#include "km/mem/address_space.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "base/checked.h"
#include "base/host_call.h"
#include "km/mem/host_memory.h"
#include "km/mem/reservation.h"

namespace kontain::mem {
namespace {

// Below this size an anonymous mapping's entries are written at once; above it, by fault, a window at a time.
constexpr uint64_t kEagerLimit = 4ull << 20;
// From this size on a mapping is placed at a 2 MiB boundary and may get huge pages.
constexpr uint64_t kHugeSize = x86::kLargePageSize;
constexpr uint64_t kHugeAutoSize = 16ull << 20;
// A hint in a window of its own is honoured only while there are few windows: V8's random hints made hundreds.
constexpr size_t kHintedWindowLimit = 64;
constexpr uint64_t kLow32Start = 0x4000'0000;
constexpr uint64_t kLow32End = 0x8000'0000;
constexpr int kProtectionMask = PROT_READ | PROT_WRITE | PROT_EXEC;

tl::unexpected<Errno> guest_error(int value) { return tl::make_unexpected(Errno{value}); }

bool is_fixed(int flags) { return flags & (MAP_FIXED | MAP_FIXED_NOREPLACE); }

// Which file is mapped, and how much of it can be without SIGBUS: whole pages up to its end.
void describe_file(const MapRequest& request, Vma& vma) {
  vma.offset = request.offset;
  vma.file_end = vma.end;
  struct stat status;
  if (fstat(request.fd, &status) != 0) return;
  vma.device = status.st_dev;
  vma.inode = status.st_ino;
  if (!S_ISREG(status.st_mode)) return;
  const uint64_t size = page_up(static_cast<uint64_t>(status.st_size));
  const uint64_t usable = size > request.offset ? size - request.offset : 0;
  vma.file_end = vma.start + std::min(vma.end - vma.start, usable);
}

Vma describe(const MapRequest& request, uint64_t address, uint64_t length) {
  Vma vma;
  vma.start = address;
  vma.end = address + length;
  vma.protection = request.protection & kProtectionMask;
  vma.shared = (request.flags & MAP_TYPE) != MAP_PRIVATE;
  vma.anonymous = request.flags & MAP_ANONYMOUS;
  vma.grows_down = request.flags & MAP_GROWSDOWN;
  vma.stack = request.flags & (MAP_STACK | MAP_GROWSDOWN);
  vma.file_end = vma.end;
  if (!vma.anonymous) describe_file(request, vma);
  return vma;
}

}  // namespace

AddressSpace::AddressSpace(GuestPhysical& physical, PageTables& tables) : physical_(physical), tables_(tables) {}

GuestResult<uint64_t> AddressSpace::map(const MapRequest& request) {
  const uint64_t length = page_up(request.length);
  if (request.length == 0) return guest_error(EINVAL);
  if (length == 0 || length > kGuestTop) return guest_error(ENOMEM);
  if (!is_page_aligned(request.offset)) return guest_error(EINVAL);
  if (request.flags & MAP_HUGETLB) return guest_error(ENOMEM);

  std::scoped_lock hold(lock_);
  auto address = choose_address(request, length);
  if (!address) return address;
  const uint64_t end = *address + length;
  const bool replaces = tree_.any(*address, end);
  if (replaces) tables_.clear(*address, end);
  Vma vma = describe(request, *address, length);
  if (vma.anonymous && vma.shared) vma.inode = ++shared_objects_;
  const long mapped = host_map(vma, request);
  if (mapped < 0) {
    if (replaces) recover_after_failed_map(*address, end);
    return guest_error(static_cast<int>(-mapped));
  }
  tables_.release_tables();
  tree_.erase(*address, end);
  tree_.insert(vma);
  advise_huge(vma, *address, end);
  fill(vma, *address, end);
  if (request.flags & (MAP_POPULATE | MAP_LOCKED)) populate(vma);
  return address;
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
  const uint64_t hint = page_down(request.address);
  if (hint != 0 && in_guest(hint, length) && !tree_.any(hint, hint + length) &&
      (physical_.find(hint) || physical_.window_count() < kHintedWindowLimit)) {
    return hint;
  }
  if (request.flags & MAP_32BIT) {
    const uint64_t low = tree_.find_free_above(kLow32Start, kLow32End, length, kPageSize);
    if (low == 0) return guest_error(ENOMEM);
    return low;
  }
  const bool large = (request.flags & MAP_ANONYMOUS) && length >= kHugeSize;
  const uint64_t free = find_free_locked(length, large ? kHugeSize : kPageSize);
  if (free == 0) return guest_error(ENOMEM);
  return free;
}

uint64_t AddressSpace::find_free(uint64_t length, uint64_t alignment) {
  std::scoped_lock hold(lock_);
  return find_free_locked(length, alignment);
}

uint64_t AddressSpace::find_free_locked(uint64_t length, uint64_t alignment) {
  const uint64_t high = tree_.find_free_below(mmap_top_, kHighStart, length, alignment);
  return high != 0 ? high : tree_.find_free_below(kLowEnd, kLowStart, length, alignment);
}

// Linux may have unmapped the range before it failed; if so that is what the payload gets, as there.
void AddressSpace::recover_after_failed_map(uint64_t start, uint64_t end) {
  for (uint64_t at = start; at < end;) {
    const Vma* vma = tree_.find(at);
    const uint64_t stop = vma ? std::min(end, vma->end) : end;
    if (vma && !host_is_mapped(at, kPageSize)) {
      reserve_range(at, stop);
      tree_.erase(at, stop);
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
  for (const auto& [low, high] : {std::pair{kLowStart, kLowEnd}, std::pair{kHighStart, kGuestTop}}) {
    const uint64_t start = std::max(address, low);
    const uint64_t end = std::min(address + size, high);
    if (start < end && tree_.any(start, end)) unmap_locked(start, end);
  }
  return {};
}

void AddressSpace::unmap_locked(uint64_t start, uint64_t end) {
  tables_.clear(start, end);
  reserve_range(start, end);
  tables_.release_tables();
  tree_.erase(start, end);
}

GuestResult<void> AddressSpace::protect(uint64_t address, uint64_t length, int protection) {
  if (!is_page_aligned(address)) return guest_error(EINVAL);
  const uint64_t size = page_up(length);
  if (size == 0 && length != 0) return guest_error(ENOMEM);
  if (size == 0) return {};
  if (protection & ~(kProtectionMask | PROT_GROWSDOWN | PROT_GROWSUP | 8 /* PROT_SEM */)) return guest_error(EINVAL);
  if (protection & PROT_GROWSUP) return guest_error(EINVAL);
  if (!in_guest(address, size)) return guest_error(ENOMEM);
  std::scoped_lock hold(lock_);
  uint64_t start = address;
  if (protection & PROT_GROWSDOWN) {
    const Vma* vma = tree_.find(address);
    if (!vma || !vma->grows_down) return guest_error(EINVAL);
    start = vma->start;
  }
  protection &= kProtectionMask;
  const uint64_t end = address + size;
  const Vma* first = tree_.find(start);
  if (!first) return guest_error(ENOMEM);
  // As Linux: parts before a hole are changed, then ENOMEM.
  const bool whole = tree_.covers(start, end);
  int error = 0;
  uint64_t reached = start;
  tree_.update(start, end, [&](Vma& part) {
    if (part.start != reached) return false;
    error = protect_part(part, protection);
    reached = part.end;
    return error == 0;
  });
  if (error != 0) return guest_error(error);
  if (!whole) return guest_error(ENOMEM);
  return {};
}

int AddressSpace::protect_part(Vma& part, int protection) {
  const int old = part.protection;
  if (old == protection) return 0;
  const bool reduces = old & ~protection & kProtectionMask;
  if (reduces) tables_.restrict_to(part.start, part.end, old & protection);
  const long result = host_protect(part, protection);
  if (result < 0) {
    if (reduces) fill(part, part.start, part.end);
    return static_cast<int>(-result);
  }
  if (reduces && host_protection(old) == host_protection(protection)) invalidate_shadow(part, protection);
  tables_.release_tables();
  part.protection = protection;
  if (protection & ~old) fill(part, part.start, part.end);
  return 0;
}

void AddressSpace::start_break(uint64_t address) {
  std::scoped_lock hold(lock_);
  break_start_ = address;
  break_ = address;
}

uint64_t AddressSpace::set_break(uint64_t address) {
  std::scoped_lock hold(lock_);
  if (address < break_start_ || !in_guest(break_start_, address - break_start_)) return break_;
  const uint64_t old_end = page_up(break_);
  const uint64_t new_end = page_up(address);
  if (new_end < old_end) {
    unmap_locked(new_end, old_end);
  } else if (new_end > old_end) {
    if (!in_guest(old_end, new_end - old_end) || tree_.any(old_end, new_end)) return break_;
    MapRequest request = {old_end, new_end - old_end, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0};
    const Vma vma = describe(request, old_end, new_end - old_end);
    if (host_map(vma, request) < 0) return break_;
    tree_.insert(vma);
    fill(vma, old_end, new_end);
  }
  break_ = address;
  return break_;
}

namespace {

// What the host is asked to do for an advice value.
enum class Advice { Forward, Accept, ForwardPrivate };
struct AdviceRow {
  int value;
  Advice action;
};
// Values that are not listed are EINVAL. Accepted ones have no effect on what the payload can see.
constexpr AdviceRow kAdvice[] = {
    {MADV_NORMAL, Advice::Forward},
    {MADV_RANDOM, Advice::Forward},
    {MADV_SEQUENTIAL, Advice::Forward},
    {MADV_WILLNEED, Advice::Forward},
    {MADV_DONTNEED, Advice::Forward},
    {MADV_FREE, Advice::Forward},
    {MADV_REMOVE, Advice::Forward},
    {MADV_DONTFORK, Advice::Accept},
    {MADV_DOFORK, Advice::Accept},
    {MADV_MERGEABLE, Advice::Forward},
    {MADV_UNMERGEABLE, Advice::Forward},
    {MADV_HUGEPAGE, Advice::Forward},
    {MADV_NOHUGEPAGE, Advice::Forward},
    {MADV_DONTDUMP, Advice::Accept},
    {MADV_DODUMP, Advice::Accept},
    {MADV_WIPEONFORK, Advice::Forward},
    {MADV_KEEPONFORK, Advice::Forward},
    {MADV_COLD, Advice::Forward},
    {MADV_PAGEOUT, Advice::Forward},
    {MADV_POPULATE_READ, Advice::Forward},
    {MADV_POPULATE_WRITE, Advice::Forward},
    {24 /* MADV_DONTNEED_LOCKED */, Advice::Forward},
    {25 /* MADV_COLLAPSE */, Advice::Forward},
};

const AdviceRow* find_advice(int value) {
  for (const AdviceRow& row : kAdvice) {
    if (row.value == value) return &row;
  }
  return nullptr;
}

}  // namespace

GuestResult<void> AddressSpace::advise(uint64_t address, uint64_t length, int advice) {
  const AdviceRow* row = find_advice(advice);
  if (!row || !is_page_aligned(address)) return guest_error(EINVAL);
  const uint64_t size = page_up(length);
  if ((size == 0 && length != 0) || address + size < address) return guest_error(EINVAL);
  if (size == 0) return {};
  if (!in_guest(address, size)) return guest_error(ENOMEM);
  std::scoped_lock hold(lock_);
  const uint64_t end = address + size;
  const bool whole = tree_.covers(address, end);
  if (row->action == Advice::Accept) return whole ? GuestResult<void>{} : guest_error(ENOMEM);
  for (const Vma* vma = tree_.first_above(address); vma && vma->start < end; vma = tree_.first_above(vma->end)) {
    const uint64_t start = std::max(address, vma->start);
    const long result =
        host_call(28 /* madvise */, start, std::min(end, vma->end) - start, static_cast<uint64_t>(advice));
    if (result < 0) return guest_error(static_cast<int>(-result));
  }
  return whole ? GuestResult<void>{} : guest_error(ENOMEM);
}

bool AddressSpace::is_mapped(uint64_t address, uint64_t length) {
  std::scoped_lock hold(lock_);
  return in_guest(address, length) && tree_.covers(page_down(address), page_up(address + length));
}

void AddressSpace::advise_huge(const Vma& vma, uint64_t start, uint64_t end) {
  if (!vma.anonymous || vma.shared || vma.stack || huge_pages_ == HugePages::Never) return;
  const uint64_t least = huge_pages_ == HugePages::Always ? kHugeSize : kHugeAutoSize;
  if (end - start >= least && (vma.protection & PROT_WRITE))
    host_call(28 /* madvise */, start, end - start, MADV_HUGEPAGE);
}

void AddressSpace::populate(const Vma& vma) {
  if (vma.protection == 0) return;
  const int advice = (vma.protection & PROT_WRITE) ? MADV_POPULATE_WRITE : MADV_POPULATE_READ;
  host_call(28 /* madvise */, vma.start, vma.end - vma.start, static_cast<uint64_t>(advice));
}

void AddressSpace::fill(const Vma& vma, uint64_t start, uint64_t end) {
  if (vma.protection == 0) return;
  const uint64_t stop = std::min(end, vma.accessible_end());
  if (start >= stop) return;
  const LeafSize leaf = vma.anonymous && !vma.shared ? LeafSize::LargeAllowed : LeafSize::Small;
  // What cannot be filled now comes by fault, where running out is the payload's SIGBUS.
  if (vma.anonymous && stop - start > kEagerLimit) {
    tables_.map_touched(start, stop, vma.protection, leaf);
  } else {
    tables_.map(start, stop, vma.protection, leaf, vma.start, vma.end);
  }
}

}  // namespace kontain::mem
