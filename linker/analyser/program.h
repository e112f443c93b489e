// A program with everything it loads at its start, and the system calls that it can make.
#pragma once

#include <memory>
#include <set>

#include "linker/analyser/functions.h"
#include "linker/analyser/trace_code.h"

namespace kontain::analyser {

struct Image {
  explicit Image(ElfFile elf) : file(std::move(elf)), functions(file) {}
  std::string name;  // as others ask for it
  std::string path;
  ElfFile file;
  Functions functions;
  std::vector<CallNumbers> calls;  // by function; empty for those that make none
};

// Where a call comes from.
struct Source {
  std::string image;     // the file's name
  std::string function;  // a symbol, or an address
};

struct ProgramCalls {
  std::map<uint16_t, Source> numbers;  // each with the first place found
  std::vector<Source> unknown;         // a number that is computed or comes from outside
  std::vector<Source> legacy;          // the 32-bit gates
  bool opens_libraries = false;        // dlopen: code that was not looked at
};

struct Program {
  std::vector<std::unique_ptr<Image>> images;  // the program, then the others in the order of loading
  std::vector<std::string> missing;            // libraries that are not there, or the interpreter
};

// Where libraries are looked for behind the file's own paths, as the host's loader has it; `root` stands before each.
struct SearchOptions {
  std::string root;  // the folder that is the program's "/"; empty is the host's
};

// Loads `path` and what it needs. Fails when the program itself cannot be read.
Result<Program> load_program(const std::string& path, const SearchOptions& options);

// Follows the program from its functions through those of its libraries. What is reached through a pointer in data
// counts as reached.
ProgramCalls find_calls(Program& program);

}  // namespace kontain::analyser
