// The first line of a script, read as fs/binfmt_script.c reads it.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "km/elf/reject.h"

namespace kontain::elf {

// How many bytes of a script Linux looks at (BINPRM_BUF_SIZE).
inline constexpr size_t kScriptHead = 256;

struct Shebang {
  std::string interpreter;  // a path, not empty
  // Everything after the path as one argument, blanks inside kept. Empty, not absent, for a last line that ends in a
  // blank without a newline: Linux's way.
  std::optional<std::string> argument;
};

// `head`: the first kScriptHead bytes of the file, fewer only if the file is shorter; more is ignored.
// Nothing when the file does not start with #!; BadScript when no interpreter follows or its path is cut by the limit.
// An argument that is cut by the limit is passed cut, as Linux does.
Parsed<std::optional<Shebang>> parse_shebang(std::span<const std::byte> head);

}  // namespace kontain::elf
