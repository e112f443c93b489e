// Warning options written for GCC, where clang's names differ.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kontain::toolchain {

// What stands for "-W" + `value` (without the "-W", as the user wrote it), or nothing when it is to be left out:
//   * switching off a warning that clang does not have has no effect, as in GCC;
//   * "NAME=LEVEL", where clang has NAME without levels, is NAME, and at level 0 "no-NAME".
// Everything else, also what neither compiler knows, stays as it is.
std::optional<std::string> treat_warning(std::string_view value);

}  // namespace kontain::toolchain
