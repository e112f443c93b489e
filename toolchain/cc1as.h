// The assembler: what Clang's driver calls -cc1as.
#pragma once

#include <llvm/ADT/SmallVector.h>

namespace kontain::toolchain {

// Runs one -cc1as command. `argv` is the program, "-cc1as" and the assembler's options. Returns the exit status.
int run_cc1as(llvm::SmallVectorImpl<const char*>& argv);

}  // namespace kontain::toolchain
