// Waiting for descriptors: poll(2), select(2), epoll(7).
//
// A descriptor of the monitor in a set is treated as one that is not open. Signal masks are checked and otherwise
// unused: no handler runs yet.
#pragma once

#include <poll.h>
#include <sys/epoll.h>
#include <sys/time.h>
#include <time.h>

#include "km/sys/args.h"

namespace kontain::sys {

// The sixth argument of pselect6(2).
struct SigmaskArgument {
  uint64_t mask;  // address of a kernel sigset_t, may be 0
  uint64_t size;  // bytes
};

SysResult sys_poll(Task& task, GuestPtr<pollfd> fds, unsigned count, int timeout);
SysResult sys_ppoll(Task& task, GuestPtr<pollfd> fds, unsigned count, GuestPtr<timespec> timeout,
                    GuestPtr<const uint64_t> mask, uint64_t mask_size);
SysResult sys_select(Task& task, int count, GuestPtr<uint64_t> readable, GuestPtr<uint64_t> writable,
                     GuestPtr<uint64_t> exceptional, GuestPtr<timeval> timeout);
SysResult sys_pselect6(Task& task, int count, GuestPtr<uint64_t> readable, GuestPtr<uint64_t> writable,
                       GuestPtr<uint64_t> exceptional, GuestPtr<timespec> timeout,
                       GuestPtr<const SigmaskArgument> mask);

SysResult sys_epoll_create(Task& task, int size);
SysResult sys_epoll_create1(Task& task, int flags);
SysResult sys_epoll_ctl(Task& task, PayloadFd epoll, int operation, PayloadFd fd, GuestPtr<const epoll_event> event);
SysResult sys_epoll_wait(Task& task, PayloadFd epoll, GuestPtr<epoll_event> events, int count, int timeout);
SysResult sys_epoll_pwait(Task& task, PayloadFd epoll, GuestPtr<epoll_event> events, int count, int timeout,
                          GuestPtr<const uint64_t> mask, uint64_t mask_size);
SysResult sys_epoll_pwait2(Task& task, PayloadFd epoll, GuestPtr<epoll_event> events, int count,
                           GuestPtr<const timespec> timeout, GuestPtr<const uint64_t> mask, uint64_t mask_size);

}  // namespace kontain::sys
