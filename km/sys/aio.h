// Asynchronous I/O (io_submit(2)): the host's, with copies of requests whose descriptors and ranges are checked.
//
// The payload's name of a context is the address of an empty page of its own. Natively it is the address of the ring of
// events, which libaio reads if it finds the ring's mark there; here it finds none and asks.
#pragma once

#include <linux/aio_abi.h>
#include <time.h>

#include "km/sys/args.h"

namespace kontain::sys {

struct AioSigset;

SysResult sys_io_setup(Task& task, unsigned events, GuestPtr<uint64_t> name);
SysResult sys_io_destroy(Task& task, uint64_t name);
SysResult sys_io_submit(Task& task, uint64_t name, int64_t count, GuestPtr<const uint64_t> requests);
SysResult sys_io_cancel(Task& task, uint64_t name, GuestPtr<iocb> request, GuestPtr<io_event> event);
SysResult sys_io_getevents(Task& task, uint64_t name, int64_t least, int64_t most, GuestPtr<io_event> events,
                           GuestPtr<const timespec> timeout);
SysResult sys_io_pgetevents(Task& task, uint64_t name, int64_t least, int64_t most, GuestPtr<io_event> events,
                            GuestPtr<const timespec> timeout, GuestPtr<const AioSigset> mask);

// The last argument of io_pgetevents(2).
struct AioSigset {
  uint64_t mask;
  uint64_t size;
};

}  // namespace kontain::sys
