#include "km/signal/alt_stack.h"

#include <signal.h>

#include <cerrno>

namespace kontain::signal {
namespace {

bool contains(const task::AltStack& stack, uint64_t stack_pointer) {
  return stack_pointer > stack.address && stack_pointer - stack.address <= stack.size;
}

}  // namespace

bool is_on_alt_stack(const task::AltStack& stack, uint64_t stack_pointer) {
  return !(stack.flags & kAutoDisarm) && contains(stack, stack_pointer);
}

task::AltStack describe_alt_stack(const task::AltStack& stack, uint64_t stack_pointer) {
  task::AltStack shown = stack;
  shown.flags = stack.flags & kAutoDisarm;
  if (stack.size == 0) {
    shown.flags |= SS_DISABLE;
  } else if (is_on_alt_stack(stack, stack_pointer)) {
    shown.flags |= SS_ONSTACK;
  }
  return shown;
}

int set_alt_stack(task::AltStack& stack, const task::AltStack& wanted, uint64_t stack_pointer) {
  if (is_on_alt_stack(stack, stack_pointer)) return EPERM;
  const int mode = wanted.flags & ~kAutoDisarm;
  if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0) return EINVAL;
  if (mode != SS_DISABLE && wanted.size < kMinimumStack) return ENOMEM;
  stack = wanted;
  stack.padding = 0;
  if (mode == SS_DISABLE) {
    stack.address = 0;
    stack.size = 0;
  }
  return 0;
}

}  // namespace kontain::signal
