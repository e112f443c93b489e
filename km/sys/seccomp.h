// seccomp(2), and what installed filters do to every call.
#pragma once

#include <optional>

#include "km/sys/args.h"

namespace kontain::sys {

// The answer of the thread's filters to a call, before it is made. Nothing: it is made.
std::optional<SysResult> filter_call(Task& task, uint32_t number, const RawArgs& args);

SysResult sys_seccomp(Task& task, unsigned operation, unsigned flags, uint64_t argument);

// prctl(PR_SET_SECCOMP) and prctl(PR_GET_SECCOMP).
SysResult set_seccomp_mode(Task& task, uint64_t mode, uint64_t argument);
SysResult get_seccomp_mode(Task& task);

}  // namespace kontain::sys
