// Messages of a tool to its user: one line each on stderr, `tool: text`, written by a single write(2).
#pragma once

#include <string_view>

#include "base/error.h"

namespace kontain {

// Sets the name that starts every line; `name` must outlive the process (argv[0]'s last part or a literal).
void set_tool_name(const char* name);
const char* tool_name();

// Prints `tool: text`. Control characters are escaped.
void print_error(std::string_view text);
// Prints `tool: what: detail: reason`.
void print_error(const Error& error);
// Prints `tool: warning: text`.
void print_warning(std::string_view text);

}  // namespace kontain
