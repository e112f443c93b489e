// Calls that may wait, in a form that does not. The call server makes a posted one in this form; when it would have to
// wait, it has had no effect, and its thread makes the call as it stands.
#pragma once

#include <cstdint>
#include <optional>

#include "km/sys/args.h"

namespace kontain::sys {

struct Attempt {
  static constexpr int64_t kNone = INT64_MIN;  // no result of any call

  uint32_t number = 0;
  RawArgs args = {};
  // What it returns when the call has to wait.
  int64_t waits = kNone;
};

// `number` with `args`, a call of class kExitlessTry, without waiting: the result where it is known, the call to make
// instead, or nothing when only the thread can make it.
struct Attempted {
  std::optional<int64_t> result;
  std::optional<Attempt> call;
};
Attempted attempt(Task& task, uint32_t number, const RawArgs& args);

}  // namespace kontain::sys
