// What a system call costs on this host, by the ways it can reach the monitor: measured, as the choice between them
// is. Only the self-test pays for all of them.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "km/vcpu/machine.h"

namespace kontain::run {

// Nanoseconds of a round trip out of the guest and back, the best of a few; 0 on recipe B, whose exits are cheap.
Result<uint64_t> exit_nanoseconds(const vcpu::Machine& machine, vcpu::Cpu& cpu);

// Nanoseconds of the SYSCALL instruction by itself, to the stub and no further; 0 on recipe B. Where it is slow,
// instructions are replaced (site_watch.h).
Result<uint64_t> syscall_nanoseconds(const vcpu::Machine& machine, vcpu::Cpu& cpu);

// Nanoseconds of a call that a server answers without an exit, the best average of a few rounds; 0 where no call can be
// posted: a machine without enable_posted_calls(), or a thread that may use one processor only. Overwrites the call
// table and the context of `cpu`, and leaves no thread behind.
Result<uint64_t> posted_call_nanoseconds(vcpu::Machine& machine, vcpu::Cpu& cpu);

}  // namespace kontain::run
