// What a linker command line asks for, and what the Kontain defaults add to it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kontain::linker {

// Where a fixed executable starts: 2 MiB, one large page above the addresses that vm.mmap_min_addr protects.
inline constexpr uint64_t kFixedImageBase = 0x200000;

enum class OutputKind {
  FixedExecutable,  // ET_EXEC at kFixedImageBase
  PieExecutable,    // ET_DYN that has an entry point
  SharedLibrary,
  Relocatable,  // -r
  Nothing,      // no input files, or a question such as --version
};

// The kind of file that ld-style arguments (without the program's name, response files expanded) produce.
OutputKind output_kind(const std::vector<std::string>& args);

// The file that the arguments name as the result, "a.out" if none.
std::string output_path(const std::vector<std::string>& args);

// True for the kinds that carry the Kontain note.
constexpr bool is_executable(OutputKind kind) {
  return kind == OutputKind::FixedExecutable || kind == OutputKind::PieExecutable;
}

// The arguments as LLD gets them: "-static-pie", which is ours, is spelled out; an executable that names no
// --dynamic-linker is static; a fixed one gets kFixedImageBase unless the arguments place it themselves.
std::vector<std::string> with_layout(const std::vector<std::string>& args);

}  // namespace kontain::linker
