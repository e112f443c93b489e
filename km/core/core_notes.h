// The note segment of a core file.
#pragma once

#include <cstddef>
#include <vector>

#include "km/core/core_input.h"

namespace kontain::core {

// The notes in the order of fs/binfmt_elf.c, which debuggers rely on: NT_PRSTATUS of the first thread, NT_PRPSINFO,
// NT_SIGINFO, NT_AUXV, NT_FILE, the first thread's NT_FPREGSET and NT_X86_XSTATE; then for every other thread
// NT_PRSTATUS, NT_FPREGSET, NT_X86_XSTATE.
std::vector<std::byte> core_notes(const CoreInput& input);

}  // namespace kontain::core
