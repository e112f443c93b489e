// mremap(2).
#include <sys/mman.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>

#include "base/checked.h"
#include "base/host_call.h"
#include "km/mem/address_space.h"
#include "km/mem/host_memory.h"
#include "km/mem/reservation.h"

namespace kontain::mem {
namespace {

constexpr int kDontUnmap = 4;  // MREMAP_DONTUNMAP
constexpr int kKnownFlags = MREMAP_MAYMOVE | MREMAP_FIXED | kDontUnmap;

tl::unexpected<Errno> guest_error(int value) { return tl::make_unexpected(Errno{value}); }

bool flags_agree(int flags, uint64_t old_length, uint64_t new_length) {
  if (flags & ~kKnownFlags) return false;
  if ((flags & (MREMAP_FIXED | kDontUnmap)) && !(flags & MREMAP_MAYMOVE)) return false;
  return !(flags & kDontUnmap) || old_length == new_length;
}

bool overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size) { return a < b + b_size && b < a + a_size; }

}  // namespace

GuestResult<uint64_t> AddressSpace::remap(uint64_t old_address, uint64_t old_length, uint64_t new_length, int flags,
                                          uint64_t new_address) {
  const uint64_t old_size = page_up(old_length);
  const uint64_t new_size = page_up(new_length);
  if (!flags_agree(flags, old_size, new_size) || !is_page_aligned(old_address) || new_size == 0) {
    return guest_error(EINVAL);
  }
  if (flags & MREMAP_FIXED) {
    if (!is_page_aligned(new_address) || !in_guest(new_address, new_size)) return guest_error(EINVAL);
    if (overlap(old_address, old_size, new_address, new_size)) return guest_error(EINVAL);
  }
  if (!in_guest(old_address, old_size)) return guest_error(EFAULT);
  std::unique_lock hold(lock_);
  const uint64_t old_end = old_address + old_size;
  const Vma* found = tree_.find(old_address);
  if (!found) return guest_error(EFAULT);
  const Vma vma = *found;
  if (any_sealed(old_address, std::max(old_end, old_address + 1))) return guest_error(EPERM);
  // Nothing of the old mapping: a second view of shared memory.
  if (old_size == 0 && !vma.shared) return guest_error(EINVAL);

  const bool stays = !(flags & (MREMAP_FIXED | kDontUnmap)) && old_size != 0;
  if (stays && new_size <= old_size) {
    if (!tree_.covers(old_address, old_end)) return guest_error(EFAULT);
    const int error = new_size < old_size ? unmap_locked(old_address + new_size, old_end) : 0;
    if (error != 0) return guest_error(error);
    return old_address;
  }
  if (vma.end < old_end) return guest_error(EFAULT);
  const uint64_t given_up = (flags & kDontUnmap) ? 0 : old_size;
  if (new_size > given_up && !may_add(new_size - given_up, vma)) return guest_error(ENOMEM);
  const uint64_t new_end = old_address + new_size;
  const bool free_behind = stays && vma.end == old_end && in_guest(old_address, new_size) &&
                           !tree_.any(old_end, new_end) && !is_in_stack_guard(old_address, new_end);
  GuestResult<uint64_t> result = old_address;
  if (!free_behind || !grow_in_place(old_end, new_end, vma)) {
    if (!(flags & MREMAP_MAYMOVE)) return guest_error(ENOMEM);
    result = move(vma, old_address, old_size, new_size, flags, new_address);
  }
  return result;
}

// A real in-place mremap: a mapping made behind would never merge with one that was moved. Asked of the last page
// only, because the host may have more borders in the mapping than our tree. The reservation is opened for an instant;
// nothing of ours is allocated there meanwhile, because it all goes above the ranges.
GuestResult<void> AddressSpace::grow_in_place(uint64_t old_end, uint64_t new_end, const Vma& vma) {
  host_call(SYS_munmap, old_end, new_end - old_end);
  const uint64_t last = old_end - kPageSize;
  const long result = host_call(SYS_mremap, last, kPageSize, new_end - last, 0);
  if (result < 0) {
    reserve_range(old_end, new_end);
    return guest_error(static_cast<int>(-result));
  }
  ++changes_;
  tree_.set_end(vma.start, new_end);
  fill_new(Vma(*tree_.find(vma.start)), old_end, new_end);
  return {};
}

GuestResult<uint64_t> AddressSpace::move(const Vma& vma, uint64_t old_address, uint64_t old_length, uint64_t new_length,
                                         int flags, uint64_t new_address) {
  const bool keeps_old = (flags & kDontUnmap) || old_length == 0;
  const bool large = vma.anonymous && new_length >= x86::kLargePageSize;
  uint64_t target = new_address;
  if (!(flags & MREMAP_FIXED)) {
    target = find_free_locked(new_length, large ? x86::kLargePageSize : kPageSize);
    if (target == 0) target = find_free_locked(new_length, kPageSize);
  }
  if (target == 0) return guest_error(ENOMEM);
  const uint64_t target_end = target + new_length;
  if (any_sealed(target, target_end)) return guest_error(EPERM);
  const uint64_t old_end = old_address + old_length;
  put_sites_back(old_address, old_end, Contents::Stay);
  const bool replaces = tree_.any(target, target_end);
  if (replaces) put_sites_back(target, target_end, Contents::Go);
  if (replaces) tables_.clear(target, target_end);
  tables_.clear(old_address, old_end);
  const uint64_t host_flags = static_cast<uint64_t>(MREMAP_MAYMOVE | MREMAP_FIXED | (flags & kDontUnmap));
  const long result = host_call(SYS_mremap, old_address, old_length, new_length, host_flags, target);
  if (result < 0) {
    fill(vma, old_address, old_end);
    if (replaces) recover_after_failed_map(target, target_end);
    return guest_error(static_cast<int>(-result));
  }
  ++changes_;
  tables_.release_tables();
  Vma moved = vma;
  moved.begin_at(old_address);
  moved.start = target;
  moved.end = target_end;
  moved.file_end = vma.anonymous ? target_end : std::max(vma.file_end, old_address) - old_address + target;
  tree_.erase(target, target_end);
  if (!keeps_old) {
    reserve_range(old_address, old_end);
    tree_.erase(old_address, old_end);
  } else {
    fill(vma, old_address, old_end);
  }
  tree_.insert(moved);
  fill(moved, moved.start, moved.end);
  return target;
}

}  // namespace kontain::mem
