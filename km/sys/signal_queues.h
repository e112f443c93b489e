// Signals with data, and taking them without a handler: sigqueue(3), sigtimedwait(2), signalfd(2), pidfd_open(2). The
// queues are the host's.
#pragma once

#include <signal.h>
#include <time.h>

#include "km/sys/args.h"

namespace kontain::sys {

// What is sent is a copy, and the host judges it: who may claim which si_code.
SysResult sys_rt_sigqueueinfo(Task& task, int pid, int signal, GuestPtr<const siginfo_t> info);
SysResult sys_rt_tgsigqueueinfo(Task& task, int pid, int tid, int signal, GuestPtr<const siginfo_t> info);
SysResult sys_pidfd_send_signal(Task& task, PayloadFd process, int signal, GuestPtr<const siginfo_t> info,
                                unsigned flags);
SysResult sys_rt_sigtimedwait(Task& task, GuestPtr<const uint64_t> set, GuestPtr<siginfo_t> info,
                              GuestPtr<const timespec> timeout, uint64_t mask_size);
SysResult sys_signalfd(Task& task, PayloadFd fd, GuestPtr<const uint64_t> mask, uint64_t mask_size);
SysResult sys_signalfd4(Task& task, PayloadFd fd, GuestPtr<const uint64_t> mask, uint64_t mask_size, int flags);
SysResult sys_pidfd_open(Task& task, int pid, unsigned flags);

}  // namespace kontain::sys
