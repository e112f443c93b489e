// POSIX message queues (mq_overview(7)): the host's.
#pragma once

#include <mqueue.h>
#include <time.h>

#include "km/sys/args.h"
#include "km/sys/timers.h"

namespace kontain::sys {

SysResult sys_mq_open(Task& task, GuestPtr<const char> name, int flags, unsigned mode, GuestPtr<const mq_attr> attr);
SysResult sys_mq_unlink(Task& task, GuestPtr<const char> name);
SysResult sys_mq_timedsend(Task& task, PayloadFd queue, GuestPtr<const char> message, uint64_t size, unsigned priority,
                           GuestPtr<const timespec> timeout);
SysResult sys_mq_timedreceive(Task& task, PayloadFd queue, GuestPtr<char> message, uint64_t size,
                              GuestPtr<unsigned> priority, GuestPtr<const timespec> timeout);
SysResult sys_mq_notify(Task& task, PayloadFd queue, GuestPtr<const SignalEvent> event);
SysResult sys_mq_getsetattr(Task& task, PayloadFd queue, GuestPtr<const mq_attr> attr, GuestPtr<mq_attr> old);

}  // namespace kontain::sys
