#include "base/log.h"

#include <unistd.h>

#include <string>

#include "base/text.h"

namespace kontain {
namespace {

const char* g_tool_name = "kontain";

void write_line(std::string line) {
  line += '\n';
  // One write, so that lines of several processes do not mix; a closed stderr is nobody's failure.
  ssize_t written = write(STDERR_FILENO, line.data(), line.size());
  static_cast<void>(written);
}

}  // namespace

void set_tool_name(const char* name) { g_tool_name = name; }
const char* tool_name() { return g_tool_name; }

void print_error(std::string_view text) { write_line(std::string(g_tool_name) + ": " + escape_control(text)); }
void print_error(const Error& error) { write_line(std::string(g_tool_name) + ": " + error.message()); }
void print_warning(std::string_view text) {
  write_line(std::string(g_tool_name) + ": warning: " + escape_control(text));
}

}  // namespace kontain
