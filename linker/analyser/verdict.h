// "Will it run?": what km's system call table says about what a program can do.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/abi/syscalls.h"
#include "linker/analyser/program.h"

namespace kontain::analyser {

// The numbers are the exit statuses of `kontain check`.
enum class Verdict : uint8_t { Runs = 0, RunsWithNotes = 1, WillNotRun = 2 };

struct FoundCall {
  uint64_t number = 0;
  const abi::SyscallRow* row = nullptr;  // nullptr: there is no such call
  Source source;
  bool learned = false;  // seen in a run, not found by disassembly
};

struct Library {
  std::string name;
  std::string path;
};

struct Report {
  std::string path;
  std::string kind;  // "static executable", "dynamic executable", "script", ...
  std::string interpreter;
  std::vector<Library> libraries;
  std::vector<FoundCall> calls;       // by number
  std::vector<Source> unknown;        // calls whose number could not be found
  std::vector<std::string> notes;     // what may matter
  std::vector<std::string> problems;  // each a reason why it will not run
  bool is_program = true;             // false: a library, an object; nothing that can be started

  Verdict verdict() const;
};

// Looks at a file: an ELF file with what it loads, a script with its interpreter. Fails when it cannot be read, or is
// neither.
Result<Report> check_file(const std::string& path, const SearchOptions& options);

// Adds calls by name that a run really made.
void merge_learned(Report& report, const std::vector<std::string>& names);

}  // namespace kontain::analyser
