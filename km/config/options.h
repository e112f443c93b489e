#pragma once
#include <optional>
#include <string>
#include <vector>
#include "base/error.h"
namespace kontain::config {
struct Options { enum class Action { Run, Help, Version, Syscalls, SelfTest } action = Action::Run; std::string report_format = "text"; std::optional<std::string> trace_filter; std::string trace_file; enum class HugePages { Auto, On, Off } huge_pages = HugePages::Auto; bool randomize = true; std::string argv0; std::string program; std::vector<std::string> arguments; };
Result<Options> parse_command_line(int argc, char** argv);
std::string help_text();
}
