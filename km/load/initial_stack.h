// The stack a program finds at its first instruction, laid out byte for byte as Linux does (fs/exec.c: copy_strings,
// fs/binfmt_elf.c: create_elf_tables; System V ABI, AMD64 supplement, 3.4.1). From low to high:
//
//   SP -> argc, argv pointers, NULL, environment pointers, NULL, auxiliary vector with AT_NULL,
//   padding, 16 random bytes, platform string, random gap,
//   argv strings, environment strings (programs that set their title rely on these being one run), execfn, 8 zero bytes
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "km/mem/copy.h"

namespace kontain::load {

// The values of the auxiliary vector, in Linux's order. AT_RSEQ_* are left out: rseq is refused to payloads.
struct AuxiliaryValues {
  std::optional<uint64_t> vdso;          // AT_SYSINFO_EHDR; left out when there is none
  uint64_t minimum_signal_stack = 2048;  // AT_MINSIGSTKSZ, bytes: CPUID's XSAVE size plus the frame
  uint64_t hwcap = 0;                    // AT_HWCAP: CPUID.1:EDX
  uint64_t hwcap2 = 0;                   // AT_HWCAP2
  uint64_t program_headers = 0;          // AT_PHDR
  uint64_t program_header_count = 0;     // AT_PHNUM
  uint64_t interpreter_base = 0;         // AT_BASE, 0 for a static program
  uint64_t entry = 0;                    // AT_ENTRY: the main program's, not the interpreter's
  uint64_t uid = 0, euid = 0, gid = 0, egid = 0;
  uint64_t secure = 0;                                   // AT_SECURE
  std::optional<uint64_t> syscall_entry = std::nullopt;  // abi::kAuxSyscallEntry; left out where SYSCALL is as good
  // AT_IGNORE in its place then: the stack begins where it does on other hosts.
  bool keeps_place_of_syscall_entry = false;
};

struct StackInput {
  std::vector<std::string> arguments;    // no NUL inside; when empty the program gets one empty argument, as on Linux
  std::vector<std::string> environment;  // no NUL inside
  std::string executable_name;           // AT_EXECFN: the path as given to execve
  std::string platform = "x86_64";       // AT_PLATFORM
  std::array<std::byte, 16> random{};    // AT_RANDOM
  AuxiliaryValues auxiliary;
  uint64_t top = 0;                // end of the stack mapping, page-aligned
  uint64_t skip = 0;               // size of the random gap, bytes
  uint64_t stack_limit = 8 << 20;  // soft RLIMIT_STACK in bytes: a quarter of it is for strings and pointers
};

struct InitialStack {
  uint64_t stack_pointer = 0;    // 16-byte aligned, points at argc
  std::vector<std::byte> bytes;  // the contents of [stack_pointer, top)
  // For /proc/self/cmdline and environ: [argument_start, argument_end) and [argument_end, environment_end).
  uint64_t argument_start = 0;
  uint64_t argument_end = 0;
  uint64_t environment_end = 0;
  // For /proc/self/auxv, with AT_NULL.
  uint64_t auxiliary_start = 0;
  uint64_t auxiliary_size = 0;  // bytes
};

// The longest argument or environment string, with its NUL (MAX_ARG_STRLEN).
inline constexpr uint64_t kMaximumString = 128 * 1024;

// E2BIG when a string is longer than kMaximumString, or when strings and pointers together exceed a quarter of the
// stack limit (never less than 128 KiB, never more than 6 MiB).
mem::GuestResult<InitialStack> build_initial_stack(const StackInput& input);
// The size in bytes that build_initial_stack's result will have, or its error. Does not depend on the values of the
// auxiliary vector, except on whether there is a vDSO.
mem::GuestResult<uint64_t> measure_initial_stack(const StackInput& input);

}  // namespace kontain::load
