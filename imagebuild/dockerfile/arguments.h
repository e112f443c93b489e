// The forms that arguments of instructions have.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "imagebuild/dockerfile/instruction.h"

namespace kontain::image::dockerfile {

// Cut at blanks, quotes have no meaning.
std::vector<std::string> blank_separated(std::string_view text);

// Cut at blanks that are outside quotes, quotes and escapes stay.
std::vector<std::string> quoted_words(std::string_view text, char escape);

// A JSON array of strings; nothing when `text` is no JSON array, so that it is in another form; an error (a line of
// text) when it is one with something else than strings in it.
tl::expected<std::optional<std::vector<std::string>>, std::string> json_words(std::string_view text);

// The exec form or the shell form.
tl::expected<CommandLine, std::string> command_line(std::string_view text);

// `NAME=value …`, or the old form `NAME value`.
tl::expected<std::vector<Assignment>, std::string> assignments(std::string_view text, char escape);

// "1h30m5.5s" as Go writes durations, in nanoseconds; nothing when it is none or not positive and finite.
std::optional<int64_t> duration(std::string_view text);

}  // namespace kontain::image::dockerfile
