// What the registry says about one kontainer, as JSON text.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace kontain::registry {

struct Entry {
  pid_t pid = 0;        // of the first process, in the pid namespace of the folder's owner
  std::string program;  // as it was named on the command line; any bytes, to be escaped before it is shown
  int64_t started = 0;  // milliseconds since the epoch
  std::string version;  // of km
};

// No text is longer; whoever reads a file need not read more.
inline constexpr size_t kMaximumText = 16 << 10;

// Bytes of `program` that are no UTF-8 become U+FFFD; what is too long is cut.
std::string encode(const Entry& entry);
// The text may be anybody's. Unknown keys are ignored, so that a later km may add some.
Result<Entry> decode(std::string_view text);

}  // namespace kontain::registry
