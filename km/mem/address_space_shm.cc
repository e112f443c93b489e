// System V shared memory: shmat(2) and shmdt(2).
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>

#include <cerrno>

#include "base/checked.h"
#include "base/host_call.h"
#include "km/mem/address_space.h"
#include "km/mem/reservation.h"

namespace kontain::mem {
namespace {

tl::unexpected<Errno> guest_error(int value) { return tl::make_unexpected(Errno{value}); }

int protection_of(int flags) {
  return PROT_READ | ((flags & SHM_RDONLY) ? 0 : PROT_WRITE) | ((flags & SHM_EXEC) ? PROT_EXEC : 0);
}

// shmdt's mark: a part of an attachment knows how far into the segment it begins.
bool attached_at(const Vma& vma, uint64_t base) { return vma.segment && vma.start - base == vma.offset; }

}  // namespace

GuestResult<uint64_t> AddressSpace::segment_address(const AttachRequest& request, uint64_t length) {
  uint64_t address = request.address;
  if (address == 0) {
    if (request.flags & SHM_REMAP) return guest_error(EINVAL);
    const uint64_t found = find_free_locked(length, kPageSize);
    if (found == 0) return guest_error(ENOMEM);
    return found;
  }
  if (!is_page_aligned(address)) {
    if (!(request.flags & SHM_RND)) return guest_error(EINVAL);
    address = page_down(address);
    if (address == 0 && (request.flags & SHM_REMAP)) return guest_error(EINVAL);
  }
  if (!in_guest(address, length)) return guest_error(EINVAL);
  if (!(request.flags & SHM_REMAP) && tree_.any(address, address + length)) return guest_error(EINVAL);
  return address;
}

GuestResult<uint64_t> AddressSpace::attach_segment(const AttachRequest& request) {
  const uint64_t length = page_up(request.size);
  if (length == 0 || length > kGuestTop) return guest_error(ENOMEM);
  std::scoped_lock hold(lock_);
  const auto address = segment_address(request, length);
  if (!address) return address;
  const uint64_t end = *address + length;
  if (any_sealed(*address, end)) return guest_error(EPERM);
  if (!may_add(length, Vma{.shared = true}, *address, end)) return guest_error(ENOMEM);
  const bool replaces = tree_.any(*address, end);
  if (replaces) tables_.clear(*address, end);
  // What lies there is a mapping or our reservation; never executable on the host.
  const int flags = (request.flags & SHM_RDONLY) | SHM_REMAP;
  const long result = host_call(SYS_shmat, static_cast<uint64_t>(request.id), *address, static_cast<uint64_t>(flags));
  if (result < 0) {
    if (replaces) recover_after_failed_map(*address, end);
    return guest_error(static_cast<int>(-result));
  }
  ++changes_;
  if (replaces) {
    tables_.release_tables();
    tree_.erase(*address, end);
  }
  Vma vma;
  vma.start = *address;
  vma.end = end;
  vma.file_end = end;
  vma.protection = protection_of(request.flags);
  vma.shared = vma.anonymous = vma.segment = true;
  vma.inode = static_cast<uint64_t>(request.id);
  tree_.insert(vma);
  segment_sizes_[request.id] = length;
  fill(vma, vma.start, vma.end);
  return *address;
}

// As Linux: the first part found that belongs to an attachment at `address` says which segment; then every part of it
// goes, whatever has been mapped in between.
GuestResult<void> AddressSpace::detach_segment(uint64_t address) {
  if (!is_page_aligned(address)) return guest_error(EINVAL);
  std::scoped_lock hold(lock_);
  const Vma* vma = tree_.first_above(address);
  while (vma && !attached_at(*vma, address)) vma = tree_.first_above(vma->end);
  if (!vma) return guest_error(EINVAL);
  const uint64_t segment = vma->inode;
  const uint64_t end = address + segment_sizes_[static_cast<int>(segment)];
  while (vma && vma->end <= end) {
    const Run part = {vma->start, vma->end};
    if (attached_at(*vma, address) && vma->inode == segment) {
      if (any_sealed(part.start, part.end)) return guest_error(EPERM);
      if (const int error = unmap_locked(part.start, part.end)) return guest_error(error);
    }
    vma = tree_.first_above(part.end);
  }
  return {};
}

}  // namespace kontain::mem
