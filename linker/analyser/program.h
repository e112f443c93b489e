// A program with everything it loads at its start, and the system calls that it can make.
#pragma once

#include <memory>
#include <set>

#include "linker/analyser/functions.h"
#include "linker/analyser/trace_code.h"

namespace kontain::analyser {

// A file with its functions found: what is the same in every program that loads it.
struct Code {
  explicit Code(ElfFile elf) : file(std::move(elf)), functions(file) {}
  Code(const Code&) = delete;
  Code& operator=(const Code&) = delete;
  ElfFile file;
  Functions functions;
};

// Libraries that several programs load are read once. Not for several threads.
class CodeCache {
 public:
  // Fails as ElfFile::open does.
  Result<std::shared_ptr<const Code>> load(const std::string& path);

 private:
  std::map<std::string, std::shared_ptr<const Code>> codes_;
  uint64_t bytes_ = 0;  // of the files in codes_
};

struct Image {
  explicit Image(std::shared_ptr<const Code> found) : code(std::move(found)) {}
  std::string name;  // as others ask for it
  std::string path;
  std::shared_ptr<const Code> code;
  std::vector<CallNumbers> calls;  // by function; empty for those that make none

  const ElfFile& file() const { return code->file; }
  const Functions& functions() const { return code->functions; }
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
  // What this processor lacks of the instructions in files that do not ask which it has, each with the first place.
  std::map<std::string, Source> instructions;
  bool opens_libraries = false;  // dlopen: code that was not looked at
};

struct Program {
  std::vector<std::unique_ptr<Image>> images;  // the program, then the others in the order of loading
  std::vector<std::string> missing;            // libraries that are not there, or the interpreter
};

// Where libraries are looked for behind the file's own paths, as the host's loader has it; `root` stands before each.
struct SearchOptions {
  std::string root;            // the folder that is the program's "/"; empty is the host's
  CodeCache* cache = nullptr;  // of the libraries; without one each program reads its own
};

// Loads `path` and what it needs. Fails when the program itself cannot be read.
Result<Program> load_program(const std::string& path, const SearchOptions& options);

// Follows the program from its functions through those of its libraries. What is reached through a pointer in data
// counts as reached.
ProgramCalls find_calls(Program& program);

}  // namespace kontain::analyser
