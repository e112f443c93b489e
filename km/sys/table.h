// From the number of a system call to its handler.
#pragma once

#include <cstdint>

#include "km/sys/args.h"

namespace kontain::sys {

// Runs system call `number` of x86-64. Numbers without a row in base/abi/syscalls.def are ENOSYS, refused ones give
// their row's errno.
SysResult dispatch(Task& task, uint32_t number, const RawArgs& args);

// True for the calls that another host thread makes in the form of attempt.h.
bool is_tried_first(uint32_t number);

// True for the calls after which the thread may have other credentials.
bool changes_identity(uint32_t number);

}  // namespace kontain::sys
