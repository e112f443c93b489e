// Moving bytes: read(2), write(2) and their vectored, positioned and in-kernel relatives.
//
// Buffers are range-checked and then used by the host kernel in place; iovecs and offsets are copied in.
#pragma once

#include <sys/uio.h>

#include "km/sys/args.h"

namespace kontain::sys {

SysResult sys_read(Task& task, PayloadFd fd, GuestPtr<char> buffer, uint64_t size);
SysResult sys_write(Task& task, PayloadFd fd, GuestPtr<const char> buffer, uint64_t size);
SysResult sys_pread64(Task& task, PayloadFd fd, GuestPtr<char> buffer, uint64_t size, int64_t offset);
SysResult sys_pwrite64(Task& task, PayloadFd fd, GuestPtr<const char> buffer, uint64_t size, int64_t offset);

SysResult sys_readv(Task& task, PayloadFd fd, GuestPtr<const iovec> vector, uint64_t count);
SysResult sys_writev(Task& task, PayloadFd fd, GuestPtr<const iovec> vector, uint64_t count);
SysResult sys_preadv(Task& task, PayloadFd fd, GuestPtr<const iovec> vector, uint64_t count, int64_t offset);
SysResult sys_pwritev(Task& task, PayloadFd fd, GuestPtr<const iovec> vector, uint64_t count, int64_t offset);
// The fifth register is the high half of the offset, which is empty on 64-bit machines.
SysResult sys_preadv2(Task& task, PayloadFd fd, GuestPtr<const iovec> vector, uint64_t count, int64_t offset,
                      uint64_t high, int flags);
SysResult sys_pwritev2(Task& task, PayloadFd fd, GuestPtr<const iovec> vector, uint64_t count, int64_t offset,
                       uint64_t high, int flags);

SysResult sys_sendfile(Task& task, PayloadFd out, PayloadFd in, GuestPtr<int64_t> offset, uint64_t size);
SysResult sys_splice(Task& task, PayloadFd in, GuestPtr<int64_t> in_offset, PayloadFd out, GuestPtr<int64_t> out_offset,
                     uint64_t size, unsigned flags);
SysResult sys_tee(Task& task, PayloadFd in, PayloadFd out, uint64_t size, unsigned flags);
// Pages are never given away: SPLICE_F_GIFT is dropped.
SysResult sys_vmsplice(Task& task, PayloadFd fd, GuestPtr<const iovec> vector, uint64_t count, unsigned flags);
SysResult sys_copy_file_range(Task& task, PayloadFd in, GuestPtr<int64_t> in_offset, PayloadFd out,
                              GuestPtr<int64_t> out_offset, uint64_t size, unsigned flags);

}  // namespace kontain::sys
