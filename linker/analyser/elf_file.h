// An ELF file as the analyser needs it. The bytes are hostile: every offset is checked, nothing is trusted to end.
#pragma once

#include <elf.h>

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace kontain::analyser {

using Bytes = std::span<const uint8_t>;

// What a file is, by its first bytes.
enum class FileKind { Elf, Script, Other };

struct Symbol {
  std::string name;
  uint64_t value = 0;  // 0: undefined, somebody else has it
  uint64_t size = 0;
  uint8_t type = 0;  // STT_*
};

// A relocation of the dynamic table: the word at `place` becomes the address of `symbol`, or `value` of this file.
struct Relocation {
  uint64_t place = 0;
  std::string symbol;  // empty: `value` counts
  uint64_t value = 0;
};

struct Range {
  uint64_t start = 0;
  uint64_t end = 0;  // exclusive
  bool contains(uint64_t address) const { return address >= start && address < end; }
};

class ElfFile {
 public:
  // Reads all of `path`. Fails with the host's error, or with what is wrong with the file.
  static Result<ElfFile> open(const std::string& path);
  // Fails unless `bytes` is an ELF64 little-endian file with readable program headers.
  static Result<ElfFile> parse(std::vector<uint8_t> bytes);

  const Elf64_Ehdr& header() const { return header_; }
  Bytes bytes() const { return bytes_; }
  const std::vector<Elf64_Phdr>& segments() const { return segments_; }
  // PT_INTERP, or empty.
  const std::string& interpreter() const { return interpreter_; }
  bool is_dynamic() const { return dynamic_; }
  const std::vector<std::string>& needed() const { return needed_; }
  // DT_RUNPATH, else DT_RPATH, cut at the colons.
  const std::vector<std::string>& run_paths() const { return run_paths_; }
  // Every named function or object of .symtab and .dynsym; names of both tables may repeat.
  const std::vector<Symbol>& symbols() const { return symbols_; }
  const std::vector<Relocation>& relocations() const { return relocations_; }
  // DT_INIT, DT_FINI, the entry point and what the init and fini arrays hold without relocation.
  const std::vector<uint64_t>& start_points() const { return start_points_; }
  // The ranges of .eh_frame's descriptions: where each function of a stripped file begins and ends.
  const std::vector<Range>& frames() const { return frames_; }
  // Executable code, ascending and disjoint: sections, without the linkage tables that only jump elsewhere; whole
  // segments if there are none.
  const std::vector<Range>& code() const { return code_; }
  // Bits of GNU_PROPERTY_X86_ISA_1_NEEDED: the processor levels without which the file refuses to run.
  uint32_t needed_isa() const { return needed_isa_; }

  // True when the loader calls functions to choose others (STT_GNU_IFUNC).
  bool has_ifuncs() const { return ifuncs_; }

  // The loaded bytes from `address` to the end of the file's part of its segment; empty when there are none.
  Bytes at(uint64_t address) const;

 private:
  Result<void> read();
  void read_sections();
  void read_symbols(const Elf64_Shdr& table, const Elf64_Shdr& names);
  void read_dynamic(Bytes table);
  void read_dynamic_symbols(uint64_t table, uint64_t names, uint64_t names_size);
  void read_relocations(uint64_t address, uint64_t size);
  void read_packed_relocations(uint64_t address, uint64_t size);
  void read_array(uint64_t address, uint64_t size);
  void read_frames(uint64_t header_address, uint64_t size);
  void read_properties(Bytes notes, uint64_t alignment);
  std::string text_at(uint64_t address) const;

  std::vector<uint8_t> bytes_;
  Elf64_Ehdr header_{};
  std::vector<Elf64_Phdr> segments_;
  std::string interpreter_;
  bool dynamic_ = false;
  std::vector<std::string> needed_;
  std::vector<std::string> run_paths_;
  std::vector<Symbol> symbols_;
  std::vector<Symbol> dynamic_symbols_;  // by index, for relocations
  std::vector<Relocation> relocations_;
  std::vector<uint64_t> start_points_;
  std::vector<Range> frames_;
  std::vector<Range> code_;
  uint32_t needed_isa_ = 0;
  bool ifuncs_ = false;
};

FileKind kind_of(Bytes head);
// Why an ELF file that begins so cannot be one of x86-64 Linux ("a 32-bit program"), or nothing.
const char* foreign_format(Bytes head);
// All bytes of a file. Fails with the host's error.
Result<std::vector<uint8_t>> read_file(const std::string& path);

// A T that stands unaligned at `offset` of `bytes`, or nothing.
template <class T>
std::optional<T> read_at(Bytes bytes, uint64_t offset) {
  if (offset > bytes.size() || sizeof(T) > bytes.size() - offset) return std::nullopt;
  T value;
  __builtin_memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

// `size` bytes from `offset`, or nothing when they are not all there.
inline std::optional<Bytes> slice(Bytes bytes, uint64_t offset, uint64_t size) {
  if (offset > bytes.size() || size > bytes.size() - offset) return std::nullopt;
  return bytes.subspan(offset, size);
}

}  // namespace kontain::analyser
