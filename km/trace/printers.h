// Internal to km/trace: one function per kind of argument.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/abi/syscalls.h"
#include "km/trace/memory_reader.h"
#include "km/trace/text.h"

namespace kontain::trace {

using RawArgs = std::array<uint64_t, 6>;

// What a printer knows. Before the call there is no result; what must be compared with the state after the call is put
// into `noted` of the argument's own index.
struct Call {
  const abi::SyscallRow& row;
  const RawArgs& args;
  MemoryReader& memory;
  std::array<uint64_t, 6>& noted;
  std::optional<int64_t> result;

  bool failed() const { return result && *result < 0 && *result >= -4095; }
  bool ended_with(int error) const { return result && *result == -error; }
};

// Appends argument `index`. An argument for which nothing is appended is left out of the list.
using PrintArg = void (*)(std::string& out, const Call& call, size_t index);

// When a printer runs: the state of the payload's memory it has to see.
enum class Phase : uint8_t { Before, After, Both };

struct Printer {
  Phase phase;
  PrintArg print;
};

Printer printer_of(abi::ArgKind kind);

template <class T>
std::optional<T> load(const Call& call, uint64_t address) {
  T value{};
  if (address == 0 || !call.memory.read(address, &value, sizeof(value))) return std::nullopt;
  return value;
}

// As many of the `wanted` bytes at `address` as are shown, or nothing if they cannot be read.
std::optional<std::string> load_bytes(const Call& call, uint64_t address, uint64_t wanted);
// The bytes up to a NUL, at most `limit`; `cut` tells whether there was none.
struct CString {
  std::string text;
  bool cut = false;
};
std::optional<CString> load_string(const Call& call, uint64_t address, size_t limit);
// load_bytes() quoted and cut, or the address.
std::string bytes_at(const Call& call, uint64_t address, uint64_t size);
// A quoted path, or the address.
std::string path_at(const Call& call, uint64_t address);

// What `describe` says about the T at `address`, or the address itself if there is none.
template <class T, class Describe>
std::string described(const Call& call, uint64_t address, Describe describe) {
  const std::optional<T> value = load<T>(call, address);
  return value ? describe(*value) : pointer(address);
}

// A printer of a structure that the call reads.
template <class T, std::string (*describe)(const T&)>
void print_in(std::string& out, const Call& call, size_t index) {
  out += described<T>(call, call.args[index], describe);
}

// A printer of a structure that the call writes: only its address if the call failed.
template <class T, std::string (*describe)(const T&)>
void print_out(std::string& out, const Call& call, size_t index) {
  out += call.failed() ? pointer(call.args[index]) : described<T>(call, call.args[index], describe);
}

// "[a, b]" of `count` elements of T at `address`, cut like strace does.
template <class T, class Describe>
std::string array_at(const Call& call, uint64_t address, uint64_t count, Describe describe) {
  if (address == 0 || (count > 0 && !load<T>(call, address))) return pointer(address);
  std::string items;
  for (uint64_t i = 0; i < count; ++i) {
    if (i == kShownElements) {
      append_item(items, "...");
      break;
    }
    const std::optional<T> element = load<T>(call, address + i * sizeof(T));
    append_item(items, element ? describe(*element) : "... /* " + hex(address + i * sizeof(T)) + " */");
    if (!element) break;
  }
  return "[" + items + "]";
}

// Families; each is a file print_*.cc.
namespace scalars {
PrintArg printer(abi::ArgKind kind);
std::string open_flags(uint64_t value);
std::string node_mode(uint64_t value);
std::string signal(uint64_t number);
}  // namespace scalars

namespace bytes {
void path(std::string& out, const Call& call, size_t index);
void string(std::string& out, const Call& call, size_t index);
void in(std::string& out, const Call& call, size_t index);
void value_in(std::string& out, const Call& call, size_t index);
void out(std::string& text, const Call& call, size_t index);
void random_out(std::string& text, const Call& call, size_t index);
void path_out(std::string& text, const Call& call, size_t index);
void string_vector(std::string& out, const Call& call, size_t index);
void environment(std::string& out, const Call& call, size_t index);
void iovec_in(std::string& out, const Call& call, size_t index);
void iovec_out(std::string& out, const Call& call, size_t index);
std::string iovecs(const Call& call, uint64_t address, uint64_t count, uint64_t data_limit);
}  // namespace bytes

namespace files {
PrintArg printer(abi::ArgKind kind);
}
namespace fcntls {
void arg(std::string& out, const Call& call, size_t index);
bool returns_flags(const Call& call);
// "(flags O_RDONLY)" behind the result of F_GETFL and the like, or empty.
std::string result_note(const Call& call);
}  // namespace fcntls
namespace ioctls {
std::string command(uint64_t value);
void arg(std::string& out, const Call& call, size_t index);
}  // namespace ioctls
namespace times {
PrintArg printer(abi::ArgKind kind);
std::string timespec_at(const Call& call, uint64_t address);
std::string timeval_at(const Call& call, uint64_t address);
}  // namespace times
namespace waits {
PrintArg printer(abi::ArgKind kind);
// What is ready, behind the result of poll and select, or empty.
std::string result_note(const Call& call);
}  // namespace waits
namespace signals {
PrintArg printer(abi::ArgKind kind);
std::string set_at(const Call& call, uint64_t address);
}  // namespace signals
namespace sockets {
PrintArg printer(abi::ArgKind kind);
}
namespace processes {
PrintArg printer(abi::ArgKind kind);
}

}  // namespace kontain::trace
