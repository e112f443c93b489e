// What the monitor adds to a payload's auxiliary vector.
#pragma once

#include <cstdint>

namespace kontain::abi {

// a_type of the entry whose value is the address of the monitor's entry for system calls without the SYSCALL
// instruction. Present only where such calls are cheaper; a libc that does not find it uses SYSCALL. Outside of the
// numbers that Linux gives out (linux/auxvec.h), and past the end of the tables that libcs keep of them.
//
// The contract: a caller loads RAX and the argument registers as for SYSCALL, loads RCX with the address to go on at,
// and jumps to the entry. The two bytes before that address must be a SYSCALL instruction: a call that a signal
// interrupts or restarts shows RCX, or RCX - 2, as its program counter, exactly as if that instruction had been
// executed. When the call is done, control is at RCX, RAX holds the result, RCX, R11 and the flags are undefined, all
// else is kept. The stack is not touched: below RSP may be a red zone, RSP may be anything. The entry stays where it
// is for as long as the process lives, in all of its threads; a new program image gets its own. Every call may be
// made so, those that do not return or return twice too.
//
// The user of this contract in the SDK is musl (toolchain/sysroot/musl/arch/x86_64/syscall_arch.h).
inline constexpr uint64_t kAuxSyscallEntry = 0x4b4d0001;

}  // namespace kontain::abi
