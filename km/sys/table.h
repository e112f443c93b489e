// From the number of a system call to its handler.
#pragma once

#include <cstdint>

#include "km/sys/args.h"

namespace kontain::sys {

// Runs system call `number` of x86-64. Numbers without a row in base/abi/syscalls.def are ENOSYS, refused ones give
// their row's errno.
SysResult dispatch(Task& task, uint32_t number, const RawArgs& args);

// True for the calls after which the thread may have other credentials.
bool changes_identity(uint32_t number);

}  // namespace kontain::sys
