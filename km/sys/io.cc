#include "km/sys/io.h"

#include <fcntl.h>

#include "km/sys/forward.h"
#include "km/sys/random.h"

namespace kontain::sys {
namespace {

// `number`(fd, vector, count, rest...) with the vector copied and its ranges checked.
template <class... Rest>
SysResult vector_call(long number, PayloadFd fd, GuestPtr<const iovec> vector, uint64_t count, Rest... rest) {
  GUEST_TRY_ASSIGN(const std::vector<iovec> copy, mem::load_iovecs(vector, count));
  return host(number, fd, copy.data(), copy.size(), rest...);
}

// The same for calls that read.
template <class... Rest>
SysResult read_vector(Task& task, long number, PayloadFd fd, GuestPtr<const iovec> vector, uint64_t count,
                      Rest... rest) {
  if (!is_seeded_device(task, fd)) return vector_call(number, fd, vector, count, rest...);
  GUEST_TRY_ASSIGN(const std::vector<iovec> copy, mem::load_iovecs(vector, count));
  return read_seeded(task, fd, copy);
}

SysResult read_whole(Task& task, PayloadFd fd, GuestPtr<char> buffer, uint64_t size) {
  const iovec whole = {reinterpret_cast<void*>(buffer.address()), size};
  return read_seeded(task, fd, std::span(&whole, 1));
}

// `number`(in, &in_offset, out, &out_offset, size, flags): offsets that are given are updated unless the call failed.
SysResult transfer(Task& task, long number, PayloadFd in, GuestPtr<int64_t> in_offset, PayloadFd out,
                   GuestPtr<int64_t> out_offset, uint64_t size, unsigned flags) {
  if (is_seeded_device(task, in)) return Errno{EINVAL};  // as from a device that can only be read
  GUEST_TRY_ASSIGN(std::optional<int64_t> from, load_optional(in_offset));
  GUEST_TRY_ASSIGN(std::optional<int64_t> to, load_optional(out_offset));
  const SysResult moved = host(number, in, pointer_or_null(from), out, pointer_or_null(to), size, flags);
  const SysResult stored = finish_optional(moved, in_offset, from.value_or(0));
  return finish_optional(stored, out_offset, to.value_or(0));
}

}  // namespace

SysResult sys_read(Task& task, PayloadFd fd, GuestPtr<char> buffer, uint64_t size) {
  if (is_seeded_device(task, fd)) return read_whole(task, fd, buffer, size);
  return host(SYS_read, fd, host_buffer(buffer, size), size);
}

SysResult sys_write(Task&, PayloadFd fd, GuestPtr<const char> buffer, uint64_t size) {
  return host(SYS_write, fd, host_buffer(buffer, size), size);
}

SysResult sys_pread64(Task& task, PayloadFd fd, GuestPtr<char> buffer, uint64_t size, int64_t offset) {
  if (offset >= 0 && is_seeded_device(task, fd)) return read_whole(task, fd, buffer, size);
  return host(SYS_pread64, fd, host_buffer(buffer, size), size, offset);
}

SysResult sys_pwrite64(Task&, PayloadFd fd, GuestPtr<const char> buffer, uint64_t size, int64_t offset) {
  return host(SYS_pwrite64, fd, host_buffer(buffer, size), size, offset);
}

SysResult sys_readv(Task& task, PayloadFd fd, GuestPtr<const iovec> vector, uint64_t count) {
  return read_vector(task, SYS_readv, fd, vector, count);
}

SysResult sys_writev(Task&, PayloadFd fd, GuestPtr<const iovec> vector, uint64_t count) {
  return vector_call(SYS_writev, fd, vector, count);
}

SysResult sys_preadv(Task& task, PayloadFd fd, GuestPtr<const iovec> vector, uint64_t count, int64_t offset) {
  return read_vector(task, SYS_preadv, fd, vector, count, offset, 0);
}

SysResult sys_pwritev(Task&, PayloadFd fd, GuestPtr<const iovec> vector, uint64_t count, int64_t offset) {
  return vector_call(SYS_pwritev, fd, vector, count, offset, 0);
}

SysResult sys_preadv2(Task& task, PayloadFd fd, GuestPtr<const iovec> vector, uint64_t count, int64_t offset, uint64_t,
                      int flags) {
  return read_vector(task, SYS_preadv2, fd, vector, count, offset, 0, flags);
}

SysResult sys_pwritev2(Task&, PayloadFd fd, GuestPtr<const iovec> vector, uint64_t count, int64_t offset, uint64_t,
                       int flags) {
  return vector_call(SYS_pwritev2, fd, vector, count, offset, 0, flags);
}

SysResult sys_sendfile(Task& task, PayloadFd out, PayloadFd in, GuestPtr<int64_t> offset, uint64_t size) {
  if (is_seeded_device(task, in)) return Errno{EINVAL};
  GUEST_TRY_ASSIGN(std::optional<int64_t> position, load_optional(offset));
  const SysResult sent = host(SYS_sendfile, out, in, pointer_or_null(position), size);
  return finish_optional(sent, offset, position.value_or(0));
}

SysResult sys_splice(Task& task, PayloadFd in, GuestPtr<int64_t> in_offset, PayloadFd out, GuestPtr<int64_t> out_offset,
                     uint64_t size, unsigned flags) {
  return transfer(task, SYS_splice, in, in_offset, out, out_offset, size, flags);
}

SysResult sys_tee(Task&, PayloadFd in, PayloadFd out, uint64_t size, unsigned flags) {
  return host(SYS_tee, in, out, size, flags);
}

SysResult sys_vmsplice(Task&, PayloadFd fd, GuestPtr<const iovec> vector, uint64_t count, unsigned flags) {
  constexpr unsigned kGift = SPLICE_F_GIFT;
  return vector_call(SYS_vmsplice, fd, vector, count, flags & ~kGift);
}

SysResult sys_copy_file_range(Task& task, PayloadFd in, GuestPtr<int64_t> in_offset, PayloadFd out,
                              GuestPtr<int64_t> out_offset, uint64_t size, unsigned flags) {
  return transfer(task, SYS_copy_file_range, in, in_offset, out, out_offset, size, flags);
}

}  // namespace kontain::sys
