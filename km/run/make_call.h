// One system call of the payload, wherever it is made.
#pragma once

#include <cstdint>

#include "km/sys/args.h"

namespace kontain::run {

// The result as RAX holds it, or -task::kRestart.
int64_t make_call(task::Task& task, uint32_t number, const sys::RawArgs& args);

}  // namespace kontain::run
