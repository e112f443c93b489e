// The functions of a file: where each begins and ends, and what it refers to.
#pragma once

#include <unordered_map>

#include "linker/analyser/elf_file.h"
#include "linker/analyser/processor.h"

namespace kontain::analyser {

struct Function {
  Range range;
  std::string name;                 // a symbol, or the address in hexadecimal
  std::vector<uint32_t> functions;  // others of the same file that it calls, jumps to or takes the address of
  std::vector<uint32_t> imports;    // names in Functions::imports that it calls or takes the address of
  bool makes_calls = false;         // has a SYSCALL, SYSENTER or INT 0x80 of its own
  Extensions extensions = 0;        // of x86-64 that its instructions need
};

class Functions {
 public:
  // Finds and decodes every function of `file`, which must outlive the result. Linear in the size of the code.
  explicit Functions(const ElfFile& file);

  const std::vector<Function>& all() const { return all_; }
  // The function that an address is in.
  std::optional<uint32_t> containing(uint64_t address) const;
  // Names that other files give a meaning.
  const std::vector<std::string>& imports() const { return imports_; }
  // The import that a branch to `target` ends at: `target` is a linkage table's word, or a stub that jumps through one.
  std::optional<uint32_t> import_at(uint64_t target) const;
  // Functions whose address stands in the file's data, and those that the loader calls.
  std::vector<uint32_t> roots() const;
  // True when the code can find out what the processor has, and so may hold instructions for others too.
  bool asks_processor() const { return asks_processor_; }

 private:
  void find_ranges();
  void fill_gaps();
  void name_functions();
  void read_linkage();
  void decode(Function& function);
  bool knows_processor() const;
  void refer(Function& function, uint64_t target) const;

  const ElfFile& file_;
  std::vector<Function> all_;
  std::vector<std::string> imports_;
  bool asks_processor_ = false;
  std::unordered_map<uint64_t, uint32_t> words_;  // linkage table words to imports
};

}  // namespace kontain::analyser
