// Failures of the host side as values: what went wrong, about which thing, and why.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace kontain {

// A failure of our own. Printed as `tool: what: detail: reason`; an empty part is left out together with its colon.
// Never shown to a payload: what a payload sees is an errno (km/sys/result.h).
struct Error {
  std::string what;     // the operation or the option, e.g. "/dev/kvm" or "KVM_CREATE_VM"
  std::string detail;   // which thing or value, may be empty
  std::string reason;   // why, in words
  int errno_value = 0;  // the host's errno when the reason is one, else 0

  // The parts joined by ": ", control characters escaped so that hostile names cannot forge output.
  std::string message() const;
};

template <class T>
using Result = tl::expected<T, Error>;

// An Error value ready to be returned from a function whose result is Result<T>.
tl::unexpected<Error> fail(std::string_view what, std::string_view detail, std::string_view reason);
// The same with the reason taken from `errno_value` (strerror(3)).
tl::unexpected<Error> fail_errno(std::string_view what, std::string_view detail, int errno_value);
// The text of an errno value, thread-safe.
std::string errno_text(int errno_value);

// Ends the process with SIGABRT: a broken invariant of ours, not an error a user can cause.
[[noreturn]] void invariant_failed(const char* expression, const char* file, int line);

}  // namespace kontain

#define KONTAIN_CONCAT2(a, b) a##b
#define KONTAIN_CONCAT(a, b) KONTAIN_CONCAT2(a, b)

// TRY(expr): returns the error of `expr` from the enclosing function, or goes on.
#define TRY(expr)                                                                 \
  do {                                                                            \
    auto&& try_result_ = (expr);                                                  \
    if (!try_result_) return tl::make_unexpected(std::move(try_result_).error()); \
  } while (false)

// TRY_ASSIGN(decl, expr): declares or assigns the value of `expr`, or returns its error.
#define TRY_ASSIGN(decl, expr) TRY_ASSIGN_(KONTAIN_CONCAT(try_value_, __COUNTER__), decl, expr)
#define TRY_ASSIGN_(tmp, decl, expr)                            \
  auto&& tmp = (expr);                                          \
  if (!tmp) return tl::make_unexpected(std::move(tmp).error()); \
  decl = std::move(*tmp)

#define KONTAIN_CHECK(expr) ((expr) ? void(0) : ::kontain::invariant_failed(#expr, __FILE__, __LINE__))
