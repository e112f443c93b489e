// Small text helpers shared by all tools.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kontain {

// `text` with every control character, DEL and invalid byte written as \n, \t or \xNN, so that one line stays one line.
std::string escape_control(std::string_view text);

// `text` cut at every `separator`; an empty text gives no parts, empty parts are kept.
std::vector<std::string> split(std::string_view text, char separator);

}  // namespace kontain
