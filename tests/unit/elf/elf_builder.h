// Makes small ELF files in memory, right or wrong in any field.
#pragma once

#include <elf.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace kontain::test {

struct ElfBuilder {
  Elf64_Ehdr header{};
  std::vector<Elf64_Phdr> table;
  // What lies where in the file, besides the headers; the file is `file_size` bytes long.
  struct Piece {
    uint64_t offset;
    std::vector<std::byte> bytes;
  };
  std::vector<Piece> pieces;
  size_t file_size = 0x3000;

  // An ET_EXEC for x86-64 with nothing to load yet.
  ElfBuilder() {
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_EXEC;
    header.e_machine = EM_X86_64;
    header.e_version = EV_CURRENT;
    header.e_entry = 0x401000;
    header.e_phoff = sizeof(Elf64_Ehdr);
    header.e_ehsize = sizeof(Elf64_Ehdr);
    header.e_phentsize = sizeof(Elf64_Phdr);
  }

  // The usual pair: text at 0x400000 (it carries the headers) and data with bss at 0x402f00.
  static ElfBuilder usual() {
    ElfBuilder elf;
    elf.load(0, 0x400000, 0x1800, 0x1800, PF_R | PF_X);
    elf.load(0x2f00, 0x402f00, 0x100, 0x2300, PF_R | PF_W);
    return elf;
  }
  // The same, movable.
  static ElfBuilder movable() {
    ElfBuilder elf;
    elf.header.e_type = ET_DYN;
    elf.header.e_entry = 0x1000;
    elf.load(0, 0, 0x1800, 0x1800, PF_R | PF_X);
    elf.load(0x2f00, 0x2f00, 0x100, 0x2300, PF_R | PF_W);
    return elf;
  }

  Elf64_Phdr& add(uint32_t type, uint64_t offset, uint64_t address, uint64_t file, uint64_t memory, uint32_t flags,
                  uint64_t alignment) {
    table.push_back({type, flags, offset, address, address, file, memory, alignment});
    return table.back();
  }
  Elf64_Phdr& load(uint64_t offset, uint64_t address, uint64_t file, uint64_t memory, uint32_t flags) {
    return add(PT_LOAD, offset, address, file, memory, flags, 0x1000);
  }
  void put(uint64_t offset, std::vector<std::byte> bytes) { pieces.push_back({offset, std::move(bytes)}); }
  void put(uint64_t offset, std::string_view text) {
    const auto* first = reinterpret_cast<const std::byte*>(text.data());
    put(offset, std::vector<std::byte>(first, first + text.size()));
  }
  // A PT_INTERP of exactly these bytes (give the NUL yourself).
  void interpreter(std::string_view bytes) {
    add(PT_INTERP, 0x1900, 0x401900, bytes.size(), bytes.size(), PF_R, 1);
    put(0x1900, bytes);
  }

  std::vector<std::byte> build() const {
    Elf64_Ehdr final_header = header;
    if (final_header.e_phnum == 0) final_header.e_phnum = static_cast<uint16_t>(table.size());
    std::vector<std::byte> file(file_size);
    write(file, 0, &final_header, sizeof final_header);
    write(file, sizeof final_header, table.data(), table.size() * sizeof(Elf64_Phdr));
    for (const Piece& piece : pieces) write(file, piece.offset, piece.bytes.data(), piece.bytes.size());
    return file;
  }

 private:
  // Cut where the file ends.
  static void write(std::vector<std::byte>& file, uint64_t offset, const void* from, size_t size) {
    if (offset >= file.size()) return;
    std::memcpy(file.data() + offset, from, std::min<size_t>(size, file.size() - offset));
  }
};

}  // namespace kontain::test
