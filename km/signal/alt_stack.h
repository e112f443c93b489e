// sigaltstack(2) (kernel/signal.c: do_sigaltstack, sas_ss_flags).
#pragma once

#include "km/task/task.h"

namespace kontain::signal {

inline constexpr int32_t kAutoDisarm = INT32_MIN;  // SS_AUTODISARM
inline constexpr uint64_t kMinimumStack = 2048;    // MINSIGSTKSZ

// True when a handler with SA_ONSTACK that starts now must not switch: `stack_pointer` is on the stack already.
bool is_on_alt_stack(const task::AltStack& stack, uint64_t stack_pointer);
// The state as sigaltstack's second argument shows it at `stack_pointer`.
task::AltStack describe_alt_stack(const task::AltStack& stack, uint64_t stack_pointer);
// Replaces `stack` by `wanted`, for a thread at `stack_pointer`: 0, or EPERM, EINVAL, ENOMEM.
int set_alt_stack(task::AltStack& stack, const task::AltStack& wanted, uint64_t stack_pointer);

}  // namespace kontain::signal
