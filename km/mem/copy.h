// The only way to touch the payload's memory: copies into and out of monitor memory that survive a fault at any byte.
//
// A fault inside these functions is repaired by the SIGSEGV/SIGBUS handler (install_fault_fixup), which accepts only
// addresses in the two guest ranges. Copy once, then validate the copy: another payload thread may change the original.
#pragma once

#include <signal.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "km/mem/guest_ptr.h"

namespace kontain::mem {

// An errno that the payload will see. Never converted from a host failure by accident.
struct Errno {
  int value;
  friend constexpr bool operator==(Errno, Errno) = default;
};

template <class T>
using GuestResult = tl::expected<T, Errno>;

// Copies `size` bytes; false when a byte of the guest's side is outside the ranges or not accessible.
[[nodiscard]] bool copy_in(void* destination, uint64_t guest_source, size_t size);
[[nodiscard]] bool copy_out(uint64_t guest_destination, const void* source, size_t size);
// Zeroes guest memory; false as above.
[[nodiscard]] bool clear_out(uint64_t guest_destination, size_t size);

// One object in.
template <class T>
GuestResult<std::remove_const_t<T>> load(GuestPtr<T> source) {
  static_assert(std::is_trivially_copyable_v<T>);
  std::remove_const_t<T> value;
  if (!copy_in(&value, source.address(), sizeof value)) return tl::make_unexpected(Errno{14 /* EFAULT */});
  return value;
}

// One object out; false is EFAULT.
template <class T>
[[nodiscard]] bool store(GuestPtr<T> destination, const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  return copy_out(destination.address(), &value, sizeof value);
}

// An atomic compare-and-exchange on an aligned word: the value found (equal to `expected`: it was replaced), or nothing
// when the word cannot be written.
std::optional<uint32_t> compare_exchange(GuestPtr<uint32_t> word, uint32_t expected, uint32_t desired);

// A NUL-terminated string of at most `limit` bytes with its NUL. EFAULT, or ENAMETOOLONG when no NUL came.
GuestResult<std::string> load_string(GuestPtr<const char> source, size_t limit);

// `count` iovecs whose ranges are checked, ready for the host kernel. EINVAL above IOV_MAX or for a total above
// SSIZE_MAX, EFAULT for a range outside the guest (empty ranges may point anywhere).
GuestResult<std::vector<iovec>> load_iovecs(GuestPtr<const iovec> source, uint64_t count);

// What a copy that failed may ask before it gives up: `tries` counts from 0. True: try again. One function for the
// process; nullptr is none.
using CopyResolver = bool (*)(uint64_t guest_address, uint64_t size, bool write, int tries);
void set_copy_resolver(CopyResolver resolver);

// Reads a byte of guest memory to see whether it can be had; asks nobody.
bool touch(uint64_t guest_address);
// As copy_in and copy_out, but they ask nobody: for who holds the address space's lock.
[[nodiscard]] bool peek(void* destination, uint64_t guest_source, size_t size);
[[nodiscard]] bool poke(uint64_t guest_destination, const void* source, size_t size);
// Both bytes at once for whoever looks at them, as long as they lie in one cache line.
[[nodiscard]] bool poke_halfword(uint64_t guest_destination, uint16_t value);

// For a SIGSEGV/SIGBUS handler: when the fault happened inside one of the functions above and on the guest's side, lets
// `context` (a ucontext_t) go on with a failed copy and returns true.
bool repair_fault(const siginfo_t* info, void* context);

// Installs a SIGSEGV/SIGBUS handler that repairs faults in the functions above; once, before the first of them.
// A fault anywhere else is a broken monitor: it goes to the default action.
void install_fault_fixup();

}  // namespace kontain::mem
