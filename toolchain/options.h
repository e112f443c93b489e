// The options of GCC that are special here, as data: options.def.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace kontain::toolchain {

enum class Treatment : uint8_t {
  Honoured,  // does what it does in GCC
  Ignored,   // accepted without effect
  Refused,   // an error
};

struct GccOption {
  std::string_view spelling;  // ends with '*': everything that starts so
  Treatment treatment;
  std::string_view note;  // the reason, or what is special; may be empty if honoured
};

std::span<const GccOption> gcc_options();

// The row of an argument as it stands in the command line, or nullptr. It must be known to be an option, not the value
// of the one before it.
const GccOption* find_gcc_option(std::string_view argument);

// docs/toolchain-options.md.
std::string gcc_options_as_markdown();

}  // namespace kontain::toolchain
