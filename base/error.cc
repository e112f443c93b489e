#include "base/error.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/text.h"

namespace kontain {

std::string Error::message() const {
  std::string out;
  for (const std::string* part : {&what, &detail, &reason}) {
    if (part->empty()) continue;
    if (!out.empty()) out += ": ";
    out += escape_control(*part);
  }
  return out;
}

tl::unexpected<Error> fail(std::string_view what, std::string_view detail, std::string_view reason) {
  return tl::make_unexpected(Error{std::string(what), std::string(detail), std::string(reason), 0});
}

tl::unexpected<Error> fail_errno(std::string_view what, std::string_view detail, int errno_value) {
  return tl::make_unexpected(Error{std::string(what), std::string(detail), errno_text(errno_value), errno_value});
}

std::string errno_text(int errno_value) {
  char buffer[128];
  return strerror_r(errno_value, buffer, sizeof buffer);
}

void invariant_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "kontain: internal error: %s:%d: %s\n", file, line, expression);
  std::abort();
}

}  // namespace kontain
