#include "linker/note_object.h"

#include <elf.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <map>

#include "base/abi/note_reader.h"

namespace kontain::linker {
namespace {

const NoteDescription kNote = {.minimum_km_version = 0x10203, .flags = 1, .toolchain = "seven b"};

template <class T>
T at(const std::vector<uint8_t>& bytes, size_t offset) {
  REQUIRE(offset + sizeof(T) <= bytes.size());
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

std::map<std::string, Elf64_Shdr> sections_of(const std::vector<uint8_t>& object) {
  const auto header = at<Elf64_Ehdr>(object, 0);
  const auto names = at<Elf64_Shdr>(object, header.e_shoff + header.e_shstrndx * sizeof(Elf64_Shdr));
  std::map<std::string, Elf64_Shdr> out;
  for (size_t i = 0; i < header.e_shnum; ++i) {
    const auto section = at<Elf64_Shdr>(object, header.e_shoff + i * sizeof(Elf64_Shdr));
    out[reinterpret_cast<const char*>(object.data() + names.sh_offset + section.sh_name)] = section;
  }
  return out;
}

}  // namespace

TEST_CASE("the note object is a relocatable x86-64 file") {
  const auto header = at<Elf64_Ehdr>(make_note_object(kNote), 0);
  CHECK(std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0);
  CHECK(header.e_type == ET_REL);
  CHECK(header.e_machine == EM_X86_64);
  CHECK(header.e_phnum == 0);
}

TEST_CASE("its note section is allocated, read-only and holds the note") {
  const auto object = make_note_object(kNote);
  const auto sections = sections_of(object);
  REQUIRE(sections.contains(kNoteSection));
  const Elf64_Shdr& section = sections.at(kNoteSection);
  CHECK(section.sh_type == SHT_NOTE);
  CHECK(section.sh_flags == SHF_ALLOC);
  CHECK(section.sh_addralign == 4);
  CHECK(section.sh_size % 4 == 0);
  const auto note = abi::find_kontain_note(std::span(object).subspan(section.sh_offset, section.sh_size), 4);
  REQUIRE(note);
  REQUIRE(*note);
  CHECK((*note)->abi_version == abi::kAbiVersion);
  CHECK((*note)->minimum_km_version == 0x10203);
  CHECK((*note)->flags == 1);
  CHECK((*note)->toolchain == "seven b");
}

TEST_CASE("it asks for no executable stack") {
  const auto sections = sections_of(make_note_object(kNote));
  REQUIRE(sections.contains(".note.GNU-stack"));
  CHECK(sections.at(".note.GNU-stack").sh_flags == 0);
}

TEST_CASE("its one symbol is weak and its value is added to the flags") {
  const auto object = make_note_object(kNote);
  const auto sections = sections_of(object);
  const Elf64_Shdr& symbols = sections.at(".symtab");
  REQUIRE(symbols.sh_size == 2 * sizeof(Elf64_Sym));
  const auto symbol = at<Elf64_Sym>(object, symbols.sh_offset + sizeof(Elf64_Sym));
  CHECK(ELF64_ST_BIND(symbol.st_info) == STB_WEAK);
  CHECK(symbol.st_shndx == SHN_UNDEF);
  CHECK(std::string(reinterpret_cast<const char*>(object.data() + sections.at(".strtab").sh_offset + symbol.st_name)) ==
        kFlagsSymbol);
  const Elf64_Shdr& relocations = sections.at(std::string(".rela") + kNoteSection);
  REQUIRE(relocations.sh_size == sizeof(Elf64_Rela));
  const auto relocation = at<Elf64_Rela>(object, relocations.sh_offset);
  CHECK(ELF64_R_TYPE(relocation.r_info) == R_X86_64_32);
  CHECK(relocation.r_addend == 1);
  CHECK(at<uint32_t>(object, sections.at(kNoteSection).sh_offset + relocation.r_offset) == 1);
}

TEST_CASE("an identity of every length gives a well-formed note") {
  for (size_t length = 0; length < 9; ++length) {
    const auto object = make_note_object({.minimum_km_version = 0, .flags = 0, .toolchain = std::string(length, 'x')});
    const Elf64_Shdr section = sections_of(object).at(kNoteSection);
    const auto note = abi::find_kontain_note(std::span(object).subspan(section.sh_offset, section.sh_size), 4);
    INFO(length);
    REQUIRE(note);
    CHECK(note->value().toolchain.size() == length);
  }
}

}  // namespace kontain::linker
