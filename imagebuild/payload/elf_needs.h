// What an ELF file asks the dynamic loader for. The file may be anything: nothing outside it is read.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kontain::image {

struct ElfNeeds {
  std::string interpreter;             // PT_INTERP; empty for a static program or a library
  std::vector<std::string> libraries;  // DT_NEEDED, in order
  std::vector<std::string> rpath;      // DT_RPATH, cut at colons
  std::vector<std::string> runpath;    // DT_RUNPATH
};

// Nothing when `file` (all of its bytes) is no ELF64 file for x86-64 of type ET_EXEC or ET_DYN, or is damaged.
std::optional<ElfNeeds> elf_needs(std::string_view file);

}  // namespace kontain::image
