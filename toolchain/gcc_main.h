// kontain-gcc and kontain-g++: gcc(1) for Kontain payloads. Compiler, assembler and linker run in this one process.
#pragma once

#include "toolchain/command_line.h"

namespace kontain::toolchain {

// Does what the command line asks; `argv` as main() gets it. Messages go to stderr. Returns the exit status, 0 or 1.
int gcc_main(int argc, char** argv, Language language);

}  // namespace kontain::toolchain
