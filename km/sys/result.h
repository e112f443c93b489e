// What a system call gives back to the payload.
#pragma once

#include <cstdint>

#include "km/mem/copy.h"

namespace kontain::sys {

using mem::Errno;
using mem::GuestPtr;
using mem::GuestResult;
using mem::GuestSpan;

// A value, or an errno, as the register RAX will hold it: errnos are -4095..-1.
class SysResult {
 public:
  constexpr SysResult(Errno error) : raw_(-error.value) {}  // NOLINT: implicit, `return Errno{EFAULT};`
  static constexpr SysResult value(int64_t value) { return SysResult(value); }
  static constexpr SysResult ok() { return SysResult(int64_t{0}); }
  // What host_call() returned, passed on unchanged.
  static constexpr SysResult from_host(long raw) { return SysResult(static_cast<int64_t>(raw)); }

  constexpr int64_t raw() const { return raw_; }
  constexpr bool is_error() const { return raw_ < 0 && raw_ >= -4095; }
  constexpr int error() const { return is_error() ? static_cast<int>(-raw_) : 0; }

 private:
  constexpr explicit SysResult(int64_t raw) : raw_(raw) {}
  int64_t raw_;
};

}  // namespace kontain::sys

// GUEST_TRY_ASSIGN(decl, expr): the value of a GuestResult, or its errno is returned to the payload.
#define GUEST_TRY_ASSIGN(decl, expr) GUEST_TRY_ASSIGN_(GUEST_TRY_CONCAT(guest_value_, __COUNTER__), decl, expr)
#define GUEST_TRY_CONCAT2(a, b) a##b
#define GUEST_TRY_CONCAT(a, b) GUEST_TRY_CONCAT2(a, b)
#define GUEST_TRY_ASSIGN_(tmp, decl, expr) \
  auto&& tmp = (expr);                     \
  if (!tmp) return tmp.error();            \
  decl = std::move(*tmp)
