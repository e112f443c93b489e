// The command line of kontain-gcc, and what the Kontain defaults make of it for Clang's driver.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "linker/sdk.h"

namespace kontain::toolchain {

enum class Action {
  Compile,         // hand `CommandLine::args` to the driver
  Help,            // --help
  Version,         // --version
  PrintMachine,    // -dumpmachine
  PrintProgram,    // -print-prog-name=`value`; libtool asks for ld
  PrintSysroot,    // -print-sysroot
  PrintVersion,    // -dumpversion, -dumpfullversion
  PrintDot,        // -print-multi-os-directory
  PrintMultilibs,  // -print-multi-lib
  PrintOptions,    // --kontain-options: the table of options.def as a document
};

enum class Language { C, Cxx };  // kontain-gcc or kontain-g++: what is linked, and what a .h or .c is

struct CommandLine {
  Action action = Action::Compile;
  std::string value;              // for PrintProgram
  bool verbose = false;           // -v or -###: say who we are first
  std::vector<std::string> args;  // for the driver, without the program's name
};

// Reads `args` (without the program's name, response files expanded). Executables become static and position
// independent unless the arguments choose otherwise; headers, libraries, start files and the linker come from `sdk`.
// Options that options.def ignores are left out. Fails for those it refuses and for contradicting ones; unknown ones
// are left to the driver. Touches no file.
Result<CommandLine> plan_command_line(const std::vector<std::string>& args, const linker::Sdk& sdk,
                                      Language language = Language::C);

}  // namespace kontain::toolchain
