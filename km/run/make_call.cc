#include "km/run/make_call.h"

#include <cerrno>

#include "km/sys/table.h"

namespace kontain::run {
namespace {

// The host's kernel cannot grow the payload's stack. Natively a call may write below it.
bool grows_stack(task::Task& task, const sys::RawArgs& args) {
  bool grown = false;
  for (const uint64_t argument : args) {
    if (mem::in_guest(argument, 1) && !task.memory().is_mapped(argument, 1)) {
      grown |= task.memory().grow_stack_for(argument, 1);
    }
  }
  return grown;
}

}  // namespace

int64_t make_call(task::Task& task, uint32_t number, const sys::RawArgs& args) {
  const int64_t result = sys::dispatch(task, number, args).raw();
  return result == -EFAULT && grows_stack(task, args) ? sys::dispatch(task, number, args).raw() : result;
}

}  // namespace kontain::run
