// Exceptions of the processor as the signals Linux makes of them (arch/x86/kernel/traps.c).
#pragma once

#include <optional>

#include "km/mem/address_space.h"
#include "km/run/outcome.h"
#include "km/vcpu/cpu.h"

namespace kontain::run {

// The signal for `stop` (an Exception) at `rip`. A page fault that could be repaired is nothing: run again.
std::optional<FatalSignal> signal_of_exception(const vcpu::Stop& stop, uint64_t rip, mem::AddressSpace& memory);

}  // namespace kontain::run
