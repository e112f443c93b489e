// How a handler hands a checked call to the host kernel.
#pragma once

#include <sys/syscall.h>

#include <cerrno>
#include <cstdint>
#include <optional>
#include <type_traits>

#include "base/host_call.h"
#include "km/sys/args.h"
#include "km/task/interruptible_call.h"

namespace kontain::sys {

inline constexpr DirFd kCurrentDirectory{-100};  // AT_FDCWD

// An address that the host kernel itself answers with EFAULT, after its other checks, as it would natively.
inline constexpr uint64_t kFaultingAddress = 0xffff'8000'0000'0000;

// A guest buffer that was range-checked: the host kernel reads or writes it in place.
class HostBuffer {
 public:
  explicit constexpr HostBuffer(uint64_t address) : address_(address) {}
  constexpr uint64_t address() const { return address_; }

 private:
  uint64_t address_;
};

// `size` bytes at `address`; a range that is not the payload's becomes one that faults, an empty one may be anywhere.
// For bulk and opaque data only: what has to be looked at is copied in first (km/mem/copy.h).
template <class T>
constexpr HostBuffer host_buffer(GuestPtr<T> address, uint64_t size) {
  if (mem::in_guest(address.address(), size)) return HostBuffer(address.address());
  return HostBuffer(size == 0 ? 0 : kFaultingAddress);
}

// The same where NULL means "not wanted".
template <class T>
constexpr HostBuffer optional_buffer(GuestPtr<T> address, uint64_t size) {
  return address.is_null() ? HostBuffer(0) : host_buffer(address, size);
}

template <class T>
uint64_t to_register(T value) {
  if constexpr (std::is_same_v<T, PayloadFd> || std::is_same_v<T, DirFd>) {
    return static_cast<uint64_t>(static_cast<int64_t>(value.number()));
  } else if constexpr (std::is_same_v<T, HostBuffer>) {
    return value.address();
  } else if constexpr (std::is_pointer_v<T>) {
    return reinterpret_cast<uint64_t>(value);
  } else if constexpr (std::is_same_v<T, std::nullptr_t>) {
    return 0;
  } else if constexpr (std::is_signed_v<T>) {
    return static_cast<uint64_t>(static_cast<int64_t>(value));
  } else {
    static_assert(std::is_integral_v<T>);
    return static_cast<uint64_t>(value);
  }
}

// True for calls whose row says that they may sleep: a signal in hand ends them.
bool may_block(long number);

// Issues the host's call. One that may sleep ends with EINTR or task::kRestart when a signal for the payload is in
// hand; the run loop decides what becomes of it.
//
// SAFETY: a pointer argument is to monitor memory that the call may use; guest memory comes as HostBuffer.
template <class... Args>
SysResult host(long number, Args... args) {
  static_assert(sizeof...(Args) <= 6);
  if (may_block(number)) return SysResult::from_host(task::interruptible_call(number, to_register(args)...));
  return SysResult::from_host(host_call(number, to_register(args)...));
}

// The same for what the monitor itself wants to know, of files that let nobody wait: a signal in hand changes nothing
// about it.
template <class... Args>
SysResult host_at_once(long number, Args... args) {
  static_assert(sizeof...(Args) <= 6);
  return SysResult::from_host(host_call(number, to_register(args)...));
}

// The end of a call that fills a structure: copies `value` out unless the call failed. NULL faults.
template <class T>
SysResult finish(SysResult result, GuestPtr<T> out, const T& value) {
  if (!result.is_error() && !mem::store(out, value)) return Errno{EFAULT};
  return result;
}

// The same where NULL means "not wanted".
template <class T>
SysResult finish_optional(SysResult result, GuestPtr<T> out, const T& value) {
  return out.is_null() ? result : finish(result, out, value);
}

// A structure that may be absent.
template <class T>
GuestResult<std::optional<std::remove_const_t<T>>> load_optional(GuestPtr<T> source) {
  using Value = std::remove_const_t<T>;
  if (source.is_null()) return std::optional<Value>();
  auto value = mem::load(source);
  if (!value) return tl::make_unexpected(value.error());
  return std::optional<Value>(*value);
}

// What the host's call is given for an optional structure.
template <class T>
T* pointer_or_null(std::optional<T>& value) {
  return value ? &*value : nullptr;
}

}  // namespace kontain::sys
