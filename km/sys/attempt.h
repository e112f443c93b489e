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

// One of them, or neither: only the thread can make the call.
struct Attempted {
  std::optional<int64_t> result;  // known already
  std::optional<Attempt> call;    // to be made instead
};

// What becomes of `number` with `args`, a call of class kExitlessTry, where nobody may wait.
Attempted attempt(Task& task, uint32_t number, const RawArgs& args);

}  // namespace kontain::sys
