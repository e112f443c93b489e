// Exceptions of the processor as the signals Linux makes of them (arch/x86/kernel/traps.c).
#pragma once

#include "km/task/task.h"
#include "km/vcpu/cpu.h"

namespace kontain::run {

// Handles `stop` (an Exception) of `task`: a page fault that can be repaired is, anything else becomes the signal the
// thread forces on itself.
void handle_exception(const vcpu::Stop& stop, task::Task& task);

}  // namespace kontain::run
