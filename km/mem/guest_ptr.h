// Guest addresses as types. They cannot be dereferenced; km/mem/copy.h turns them into host memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "km/mem/ranges.h"

namespace kontain::mem {

// The address of a T (or of an array of T) in the payload's memory. Untrusted: may be null, unmapped or ours.
template <class T>
class GuestPtr {
 public:
  constexpr GuestPtr() = default;
  constexpr explicit GuestPtr(uint64_t address) : address_(address) {}
  // A pointer to mutable data serves where one to const data is expected.
  template <class U>
    requires(std::is_same_v<const U, T>)
  constexpr GuestPtr(GuestPtr<U> other) : address_(other.address()) {}

  constexpr uint64_t address() const { return address_; }
  constexpr bool is_null() const { return address_ == 0; }
  // The address of element `index`; wraps like the hardware does, the copy checks the result.
  constexpr GuestPtr element(uint64_t index) const { return GuestPtr(address_ + index * sizeof(T)); }
  template <class U>
  constexpr GuestPtr<U> as() const {
    return GuestPtr<U>(address_);
  }

 private:
  uint64_t address_ = 0;
};

// A run of bytes in the payload's memory, for bulk data that the host kernel reads or writes itself.
struct GuestSpan {
  uint64_t address = 0;
  uint64_t size = 0;  // bytes

  constexpr bool in_guest() const { return mem::in_guest(address, size); }
};

}  // namespace kontain::mem
