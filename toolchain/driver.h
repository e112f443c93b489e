// Clang's driver with every tool it starts replaced by one in the own process.
#pragma once

#include <string>
#include <vector>

#include "linker/sdk.h"

namespace kontain::toolchain {

// Makes LLVM's X86 code generator and assembler known. Call once, before anything else here.
void initialise_target();

// Removes the variables that make a compiler look into directories of the host's (CPATH, LIBRARY_PATH, ...) from the
// own environment; all others stay.
void forget_search_paths();

// Compiles, assembles and links as `args` ask (plan_command_line's result). Messages go to stderr, prefixed
// "kontain-gcc: ". Returns the exit status, 0 or 1. Temporary files are removed however the commands end.
int run_driver(const linker::Sdk& sdk, const std::vector<std::string>& args);

// Runs one "-cc1" or "-cc1as" command line (`argv` with the program's name), as "-###" prints them.
int run_tool(std::vector<const char*> argv);

}  // namespace kontain::toolchain
