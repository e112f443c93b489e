// madvise(2), mseal(2) and the locking of pages.
#include <sys/mman.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>

#include "base/checked.h"
#include "base/host_call.h"
#include "km/mem/address_space.h"

namespace kontain::mem {
namespace {

tl::unexpected<Errno> guest_error(int value) { return tl::make_unexpected(Errno{value}); }

GuestResult<void> from_host(long result) {
  if (result < 0) return guest_error(static_cast<int>(-result));
  return {};
}

// What an advice is about: the contents of pages, which the host changes without our lock, or the mapping itself.
enum class Advice { Data, Mapping };
struct AdviceRow {
  int value;
  Advice about;
};
// Values that are not listed are EINVAL. Guard pages (102, 103) are among them: the host would refuse accesses that
// the page tables allow.
constexpr AdviceRow kAdvice[] = {
    {MADV_NORMAL, Advice::Mapping},
    {MADV_RANDOM, Advice::Mapping},
    {MADV_SEQUENTIAL, Advice::Mapping},
    {MADV_WILLNEED, Advice::Data},
    {MADV_DONTNEED, Advice::Data},
    {MADV_FREE, Advice::Data},
    {MADV_REMOVE, Advice::Data},
    {MADV_DONTFORK, Advice::Mapping},
    {MADV_DOFORK, Advice::Mapping},
    {MADV_MERGEABLE, Advice::Mapping},
    {MADV_UNMERGEABLE, Advice::Mapping},
    {MADV_HUGEPAGE, Advice::Mapping},
    {MADV_NOHUGEPAGE, Advice::Mapping},
    {MADV_DONTDUMP, Advice::Mapping},
    {MADV_DODUMP, Advice::Mapping},
    {MADV_WIPEONFORK, Advice::Mapping},
    {MADV_KEEPONFORK, Advice::Mapping},
    {MADV_COLD, Advice::Data},
    {MADV_PAGEOUT, Advice::Data},
    {MADV_POPULATE_READ, Advice::Data},
    {MADV_POPULATE_WRITE, Advice::Data},
    {24 /* MADV_DONTNEED_LOCKED */, Advice::Data},
    {25 /* MADV_COLLAPSE */, Advice::Data},
};

const AdviceRow* find_advice(int value) {
  for (const AdviceRow& row : kAdvice) {
    if (row.value == value) return &row;
  }
  return nullptr;
}

// Advice that would throw away what a sealed mapping that cannot be written holds (mseal(2)).
bool discards(int advice) {
  return advice == MADV_DONTNEED || advice == MADV_FREE || advice == MADV_REMOVE || advice == MADV_WIPEONFORK ||
         advice == MADV_DONTFORK || advice == 24;
}

// What the tree remembers of an advice that the host has accepted.
void remember(int advice, Vma& vma) {
  if (advice == MADV_DONTFORK || advice == MADV_DOFORK) vma.dont_fork = advice == MADV_DONTFORK;
  if (advice == MADV_WIPEONFORK || advice == MADV_KEEPONFORK) vma.wipe_on_fork = advice == MADV_WIPEONFORK;
  if (advice == MADV_DONTDUMP || advice == MADV_DODUMP) vma.dont_dump = advice == MADV_DONTDUMP;
}

// mlock's errno for what the host says of a page that cannot be had.
int lock_error(long result) { return result == -ENOMEM || result == -EAGAIN ? EAGAIN : ENOMEM; }

}  // namespace

GuestResult<void> AddressSpace::advise(uint64_t address, uint64_t length, int advice) {
  const AdviceRow* row = find_advice(advice);
  if (!row || !is_page_aligned(address)) return guest_error(EINVAL);
  const uint64_t size = page_up(length);
  if ((size == 0 && length != 0) || address + size < address) return guest_error(EINVAL);
  if (size == 0) return {};
  if (row->about == Advice::Mapping) return advise_mapping(address, address + size, advice);
  return advise_data(address, address + size, advice);
}

GuestResult<void> AddressSpace::advise_data(uint64_t start, uint64_t end, int advice) {
  if (discards(advice)) {
    std::scoped_lock hold(lock_);
    if (any_sealed(start, end)) return guest_error(EPERM);
    put_sites_back(start, end, Contents::Stay);
  }
  const bool populates = advice == MADV_POPULATE_READ || advice == MADV_POPULATE_WRITE;
  if (populates && !is_mapped(start, end - start)) return guest_error(ENOMEM);
  if (advice == MADV_DONTNEED) forget_touched(start, end);
  return for_each_run(start, end - start, [&](uint64_t at, uint64_t size) {
    return host_call(SYS_madvise, at, size, static_cast<uint64_t>(advice));
  });
}

// What is given up and touched again comes as new memory does, in parts.
void AddressSpace::forget_touched(uint64_t start, uint64_t end) {
  std::scoped_lock hold(lock_);
  for (const Vma* vma = tree_.first_above(start); vma && vma->start < end; vma = tree_.first_above(vma->end)) {
    if (vma->comes_by_touch()) tables_.clear(std::max(start, vma->start), std::min(end, vma->end));
  }
}

// As Linux: parts before a hole or a refusal keep the advice.
GuestResult<void> AddressSpace::advise_mapping(uint64_t start, uint64_t end, int advice) {
  std::scoped_lock hold(lock_);
  if (discards(advice) && any_sealed(start, end)) return guest_error(EPERM);
  const bool whole = tree_.covers(start, end);
  long result = 0;
  tree_.update(start, end, [&](Vma& part) {
    result = host_call(SYS_madvise, part.start, part.end - part.start, static_cast<uint64_t>(advice));
    if (result == 0) remember(advice, part);
    return result == 0;
  });
  if (advice == MADV_DONTFORK) any_unforked_ = true;
  if (result < 0) return from_host(result);
  if (!whole) return guest_error(ENOMEM);
  return {};
}

std::optional<AddressSpace::Run> AddressSpace::next_run(uint64_t start, uint64_t end) const {
  const Vma* vma = tree_.first_above(start);
  if (start >= end || !vma || vma->start >= end) return std::nullopt;
  Run run = {std::max(start, vma->start), vma->end};
  while (run.end < end && (vma = tree_.find(run.end))) run.end = vma->end;
  run.end = std::min(run.end, end);
  return run;
}

GuestResult<void> AddressSpace::for_each_run(uint64_t address, uint64_t length,
                                             const std::function<long(uint64_t start, uint64_t length)>& fn) {
  const uint64_t end = address + length;
  bool whole = true;
  for (uint64_t at = address; at < end;) {
    std::optional<Run> run;
    {
      std::scoped_lock hold(lock_);
      run = next_run(at, end);
    }
    whole &= run && run->start == at;
    if (!run) break;
    const long result = fn(run->start, run->end - run->start);
    if (result < 0) return from_host(result);
    at = run->end;
  }
  if (!whole) return guest_error(ENOMEM);
  return {};
}

GuestResult<void> AddressSpace::seal(uint64_t address, uint64_t length) {
  const uint64_t size = page_up(length);
  if (!is_page_aligned(address) || (size == 0 && length != 0) || address + size < address) return guest_error(EINVAL);
  if (size == 0) return {};
  std::scoped_lock hold(lock_);
  if (!tree_.covers(address, address + size)) return guest_error(ENOMEM);
  any_sealed_ = true;
  tree_.update(address, address + size, [](Vma& part) { return part.sealed = true; });
  return {};
}

// Under the lock the host only marks pages; they are brought in afterwards, without it.
GuestResult<void> AddressSpace::lock_pages(uint64_t address, uint64_t length, int flags) {
  if (const auto marked = set_locked(address, length, true); !marked) return marked;
  if (flags & MLOCK_ONFAULT) return {};
  return populate_locked(page_down(address), page_up(address + length));
}

GuestResult<void> AddressSpace::unlock_pages(uint64_t address, uint64_t length) {
  return set_locked(address, length, false);
}

GuestResult<void> AddressSpace::set_locked(uint64_t address, uint64_t length, bool lock) {
  const uint64_t start = page_down(address);
  const uint64_t end = page_up(address + length);
  if (end < start || address + length < address) return guest_error(EINVAL);
  std::scoped_lock hold(lock_);
  // With an empty range the host says whether this process may lock at all.
  long result = lock ? host_call(SYS_mlock, 0, 0) : 0;
  uint64_t reached = start;
  for (auto run = next_run(start, end); run && result == 0; run = next_run(run->end, end)) {
    if (run->start != reached) break;
    const uint64_t size = run->end - run->start;
    result = lock ? host_call(SYS_mlock2, run->start, size, MLOCK_ONFAULT) : host_call(SYS_munlock, run->start, size);
    reached = run->end;
  }
  if (result < 0) return from_host(result);
  if (reached < end) return guest_error(ENOMEM);
  return {};
}

GuestResult<void> AddressSpace::populate_locked(uint64_t start, uint64_t end) {
  for (uint64_t at = start; at < end;) {
    std::optional<Vma> vma;
    {
      std::scoped_lock hold(lock_);
      if (const Vma* found = tree_.find(at)) vma = *found;
    }
    if (!vma || vma->protection == 0) return guest_error(ENOMEM);
    const bool writes = (vma->protection & PROT_WRITE) && !vma->shared;
    const uint64_t stop = std::min(end, vma->end);
    const long result =
        host_call(SYS_madvise, at, stop - at, static_cast<uint64_t>(writes ? MADV_POPULATE_WRITE : MADV_POPULATE_READ));
    if (result < 0) return guest_error(lock_error(result));
    at = stop;
  }
  return {};
}

GuestResult<void> AddressSpace::lock_all(int flags) {
  constexpr int kKnown = MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT;
  if (flags == 0 || (flags & ~kKnown) || flags == MCL_ONFAULT) return guest_error(EINVAL);
  if (const long result = host_call(SYS_mlock, 0, 0); result < 0) return from_host(result);
  std::vector<Run> runs;
  {
    std::scoped_lock hold(lock_);
    lock_future_ = (flags & MCL_FUTURE) ? flags & (MCL_FUTURE | MCL_ONFAULT) : 0;
    if (!(flags & MCL_CURRENT)) return {};
    for (auto run = next_run(0, kGuestTop); run; run = next_run(run->end, kGuestTop)) {
      const long result = host_call(SYS_mlock2, run->start, run->end - run->start, MLOCK_ONFAULT);
      if (result < 0) return from_host(result);
      runs.push_back(*run);
    }
  }
  if (flags & MCL_ONFAULT) return {};
  // As Linux: what cannot be brought in is no failure here.
  for (const Run& run : runs) {
    for_each_run(run.start, run.end - run.start, [&](uint64_t at, uint64_t size) {
      host_call(SYS_madvise, at, size, MADV_POPULATE_READ);
      return 0L;
    });
  }
  return {};
}

GuestResult<void> AddressSpace::unlock_all() {
  std::scoped_lock hold(lock_);
  lock_future_ = 0;
  for (auto run = next_run(0, kGuestTop); run; run = next_run(run->end, kGuestTop)) {
    host_call(SYS_munlock, run->start, run->end - run->start);
  }
  return {};
}

// A new mapping that is to be locked, by its flag or by mlockall(MCL_FUTURE).
int AddressSpace::lock_new(const Vma& vma, bool wanted) {
  if (!wanted && lock_future_ == 0) return 0;
  const long result = host_call(SYS_mlock2, vma.start, vma.end - vma.start, MLOCK_ONFAULT);
  if (result == 0) return 0;
  unmap_locked(vma.start, vma.end);
  return result == -EPERM ? EPERM : EAGAIN;
}

}  // namespace kontain::mem
