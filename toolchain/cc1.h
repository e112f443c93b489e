// The compiler proper: what Clang's driver calls -cc1.
#pragma once

#include <llvm/ADT/SmallVector.h>

namespace kontain::toolchain {

// Runs one -cc1 command. `argv` is the program, "-cc1" and the front end's options. Returns the exit status.
int run_cc1(llvm::SmallVectorImpl<const char*>& argv);

}  // namespace kontain::toolchain
