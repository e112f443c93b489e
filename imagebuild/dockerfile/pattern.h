// The patterns of ${x#pattern} and its like: * and ?, a backslash before either makes it an ordinary character.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace kontain::image::dockerfile {

inline constexpr size_t kMaxPatternText = 4096;  // bytes of a value or pattern that is matched

enum class Reach { Shortest, Longest };
enum class Replace { First, All };

// Each fails, with a line of text, for a bad escape and for what is longer than kMaxPatternText.
tl::expected<std::string, std::string> without_prefix(std::string_view value, std::string_view pattern, Reach reach);
tl::expected<std::string, std::string> without_suffix(std::string_view value, std::string_view pattern, Reach reach);
tl::expected<std::string, std::string> replaced(std::string_view value, std::string_view pattern,
                                                std::string_view replacement, Replace which);

}  // namespace kontain::image::dockerfile
