// What the machine says about itself, and random numbers.
#pragma once

#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include "km/sys/args.h"

namespace kontain::sys {

// The host's, the release followed by ".kontain".
SysResult sys_uname(Task& task, GuestPtr<utsname> out);
SysResult sys_sysinfo(Task& task, GuestPtr<struct sysinfo> out);
// The host's is never changed. Flags that would make this a different kind of process are EINVAL.
SysResult sys_personality(Task& task, uint32_t persona);
SysResult sys_getcpu(Task& task, GuestPtr<unsigned> cpu, GuestPtr<unsigned> node, uint64_t unused);

}  // namespace kontain::sys
