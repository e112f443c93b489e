// rt_sigreturn(2).
#pragma once

#include "km/task/task.h"

namespace kontain::signal {

// Restores the context of the frame at the stack pointer, sanitised, its mask and alternate stack. False: the frame
// cannot be read, which is the payload's SIGSEGV.
bool return_from_handler(task::Task& task);

}  // namespace kontain::signal
