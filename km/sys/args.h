// Turns six registers into the typed arguments of a handler. The handler's signature is the description:
//
//   SysResult sys_read(Task& task, PayloadFd fd, GuestPtr<char> buffer, size_t count);
//
// No handler sees a register. A descriptor number that the payload has not been given (fd/payload_fds.h) reaches none
// as such: it is replaced by one that is never open, so that the host says what it says of those. One of the monitor's
// ends the call with EBADF at once.
#pragma once

#include <array>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>

#include "km/sys/result.h"
#include "km/task/task.h"

namespace kontain::sys {

using task::Task;
using RawArgs = std::array<uint64_t, 6>;

inline constexpr int kNeverOpen = INT_MAX;  // above every limit

// `number` if the payload may name it, or if it is none (negative); else kNeverOpen.
inline int payload_number(Task& task, int number) {
  return number < 0 || task.process().descriptors().contains(number) ? number : kNeverOpen;
}

inline bool is_monitors(Task& task, uint64_t raw) { return task.process().fds().is_monitor_fd(static_cast<int>(raw)); }

// A descriptor number from the payload that is one of the payload's, or is not open.
class PayloadFd {
 public:
  explicit constexpr PayloadFd(int number) : number_(number) {}
  constexpr int number() const { return number_; }

 private:
  int number_;
};

// The directory argument of the *at() calls: AT_FDCWD or a PayloadFd.
class DirFd {
 public:
  explicit constexpr DirFd(int number) : number_(number) {}
  constexpr int number() const { return number_; }

 private:
  int number_;
};

template <class T>
struct ArgDecoder;

template <class T>
  requires std::is_integral_v<T>
struct ArgDecoder<T> {
  // As the kernel's SYSCALL_DEFINE does: the register is cut to the declared type.
  static GuestResult<T> decode(Task&, uint64_t raw) { return static_cast<T>(raw); }
};

template <class T>
struct ArgDecoder<GuestPtr<T>> {
  static GuestResult<GuestPtr<T>> decode(Task&, uint64_t raw) { return GuestPtr<T>(raw); }
};

template <>
struct ArgDecoder<PayloadFd> {
  static GuestResult<PayloadFd> decode(Task& task, uint64_t raw) {
    const int number = payload_number(task, static_cast<int>(raw));
    if (number == kNeverOpen && is_monitors(task, raw)) return tl::make_unexpected(Errno{EBADF});
    return PayloadFd(number);
  }
};

template <>
struct ArgDecoder<DirFd> {
  static GuestResult<DirFd> decode(Task& task, uint64_t raw) {
    const int number = payload_number(task, static_cast<int>(raw));
    if (number == kNeverOpen && is_monitors(task, raw)) return tl::make_unexpected(Errno{EBADF});
    return DirFd(number);
  }
};

using Handler = SysResult (*)(Task&, const RawArgs&);

namespace detail {

template <auto Function, class... Args, size_t... Index>
SysResult call_handler(SysResult (*)(Task&, Args...), std::index_sequence<Index...>, Task& task, const RawArgs& raw) {
  static_assert(sizeof...(Args) <= 6);
  std::tuple<GuestResult<Args>...> decoded{ArgDecoder<Args>::decode(task, raw[Index])...};
  int error = 0;
  ((error == 0 && !std::get<Index>(decoded) ? void(error = std::get<Index>(decoded).error().value) : void()), ...);
  if (error != 0) return Errno{error};
  return Function(task, *std::get<Index>(decoded)...);
}

template <class... Args>
constexpr auto index_of(SysResult (*)(Task&, Args...)) {
  return std::index_sequence_for<Args...>{};
}

}  // namespace detail

// The uniform entry of a typed handler.
template <auto Function>
SysResult thunk(Task& task, const RawArgs& raw) {
  return detail::call_handler<Function>(Function, detail::index_of(Function), task, raw);
}

}  // namespace kontain::sys
