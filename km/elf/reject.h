// Why a file cannot be run as a program: a value, never an exception, so that a start prints it and ends with 126 and
// an execve gives its errno to the payload.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "base/error.h"

namespace kontain::elf {

enum class RejectKind : uint8_t {
  Empty,           // no bytes at all
  NotRegular,      // a directory, device, pipe or socket
  NoPermission,    // the caller may not execute the file
  NotElf,          // neither ELF nor a script
  BadScript,       // starts with #! but names no usable interpreter
  WrongClass,      // 32-bit ELF
  WrongByteOrder,  // big-endian ELF
  WrongMachine,    // another processor's ELF
  WrongType,       // an object file or a core dump
  CutHeader,       // shorter than an ELF header
  Truncated,       // the file ends before something its headers promise
  BadHeader,       // the program header table cannot be one
  BadSegment,      // a PT_LOAD that cannot be mapped
  NoSegments,      // nothing to load
  BadInterpreter,  // PT_INTERP is damaged, or the file it names is no interpreter
  BadNote,         // the Kontain note is damaged
  TooNew,          // the Kontain note asks for a newer km
  OutsideGuest,    // an address that no payload owns
  ReadFailed,      // the host could not read the file
};

// `reason` may quote bytes of the file: escape it before printing (Error::message does).
struct Reject {
  RejectKind kind = RejectKind::NotElf;
  std::string reason;
  int errno_value = 0;  // of the host, for ReadFailed and NoPermission; else 0

  // `file: what kind of failure: reason`, ready for print_error.
  Error to_error(std::string_view file) const;
};

template <class T>
using Parsed = tl::expected<T, Reject>;

// A Reject ready to be returned from a function whose result is Parsed<T>.
inline tl::unexpected<Reject> reject(RejectKind kind, std::string reason) {
  return tl::make_unexpected(Reject{kind, std::move(reason), 0});
}

// "not an x86-64 program", "truncated program", ...: the middle part of the message.
std::string_view summary(RejectKind kind);
// What execve(2) gives for the main program. An interpreter's errno is `interpreter_errno`.
int exec_errno(const Reject& reject);
// What execve(2) gives when the program is fine and its PT_INTERP file is rejected.
int interpreter_errno(const Reject& reject);

}  // namespace kontain::elf
