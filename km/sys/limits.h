// Resource limits. Those that would hit the monitor instead of the payload (stack, address space, data, core, and the
// hard descriptor limit) are kept in the Process; the others are the host's. Those of another process can be read as
// the host knows them; what is kept there cannot be set.
#pragma once

#include <sys/resource.h>

#include "km/sys/args.h"

namespace kontain::sys {

SysResult sys_getrlimit(Task& task, unsigned resource, GuestPtr<rlimit> out);
SysResult sys_setrlimit(Task& task, unsigned resource, GuestPtr<const rlimit> limit);
SysResult sys_prlimit64(Task& task, int pid, unsigned resource, GuestPtr<const rlimit> limit, GuestPtr<rlimit> old);
SysResult sys_getrusage(Task& task, int who, GuestPtr<rusage> out);

// Tells the address space of the caller's process its limits. After each change, and when a program begins.
void apply_memory_limits(Task& task);

// The limit as the payload sees it; EINVAL for a resource that does not exist.
GuestResult<rlimit> payload_limit(Task& task, unsigned resource);

}  // namespace kontain::sys
