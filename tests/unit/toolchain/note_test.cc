#include <elf.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <vector>

#include "base/abi/note_reader.h"
#include "base/checked.h"

namespace kontain::abi {
namespace {

using Bytes = std::vector<uint8_t>;

template <class T>
void append(Bytes& out, const T& value) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(&value);
  out.insert(out.end(), bytes, bytes + sizeof value);
}

Bytes descriptor(const NoteHeader& header, std::string_view toolchain) {
  Bytes out;
  append(out, header);
  out.insert(out.end(), toolchain.begin(), toolchain.end());
  return out;
}

Bytes note(std::string_view owner, uint32_t type, const Bytes& contents, size_t padding = 4) {
  Bytes out;
  append(out, Elf64_Nhdr{static_cast<uint32_t>(owner.size() + 1), static_cast<uint32_t>(contents.size()), type});
  out.insert(out.end(), owner.begin(), owner.end());
  out.push_back(0);
  out.resize(align_up(out.size(), padding));
  out.insert(out.end(), contents.begin(), contents.end());
  out.resize(align_up(out.size(), padding));
  return out;
}

const NoteHeader kHeader = {
    .abi_version = 1, .header_size = 16, .minimum_km_version = pack_version(0, 1, 0), .flags = 2, .toolchain_size = 5};

Bytes good_note() { return note("Kontain", kNoteType, descriptor(kHeader, "tools")); }

Bytes concatenate(Bytes first, const Bytes& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

// An ELF file whose one PT_NOTE segment is `segment`.
Bytes elf_file(const Bytes& segment, uint64_t alignment = 4) {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_phoff = sizeof header;
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = 2;
  Elf64_Phdr load{};
  load.p_type = PT_LOAD;
  Elf64_Phdr notes{};
  notes.p_type = PT_NOTE;
  notes.p_offset = sizeof header + 2 * sizeof(Elf64_Phdr);
  notes.p_filesz = segment.size();
  notes.p_align = alignment;
  Bytes out;
  append(out, header);
  append(out, load);
  append(out, notes);
  return concatenate(out, segment);
}

}  // namespace

TEST_CASE("the Kontain note is read with all its fields") {
  const auto found = find_kontain_note(good_note(), 4);
  REQUIRE(found);
  REQUIRE(*found);
  CHECK((*found)->abi_version == 1);
  CHECK((*found)->minimum_km_version == 0x100);
  CHECK((*found)->flags == 2);
  CHECK((*found)->toolchain == "tools");
}

TEST_CASE("notes of other owners and of other types are passed over") {
  const Bytes others = concatenate(note("GNU", 3, Bytes(20)), note("Kontain", kNoteType + 1, Bytes(3)));
  CHECK_FALSE(find_kontain_note(others, 4)->has_value());
  CHECK(find_kontain_note(concatenate(others, good_note()), 4)->value().toolchain == "tools");
}

TEST_CASE("an owner must be equal to the last byte") {
  CHECK_FALSE(find_kontain_note(note("Kontai", kNoteType, descriptor(kHeader, "tools")), 4)->has_value());
  CHECK_FALSE(find_kontain_note(note("Kontain2", kNoteType, descriptor(kHeader, "tools")), 4)->has_value());
}

TEST_CASE("a segment aligned to 8 has notes padded to 8") {
  const Bytes segment =
      concatenate(note("GNU", 5, Bytes(4), 8), note("Kontain", kNoteType, descriptor(kHeader, "tools"), 8));
  CHECK(find_kontain_note(segment, 8)->value().toolchain == "tools");
  CHECK_FALSE(find_kontain_note(segment, 4)->has_value());
}

TEST_CASE("a longer header of a later version is skipped by its size") {
  NoteHeader later = kHeader;
  later.abi_version = 7;
  later.header_size = 20;
  Bytes contents;
  append(contents, later);
  append(contents, uint32_t{0xffffffff});
  for (char c : std::string("tools")) contents.push_back(static_cast<uint8_t>(c));
  const auto found = find_kontain_note(note("Kontain", kNoteType, contents), 4);
  REQUIRE(found);
  CHECK((*found)->toolchain == "tools");
  CHECK((*found)->abi_version == 7);
}

TEST_CASE("the set of calls is there when its flag is") {
  NoteHeader header = kHeader;
  header.header_size = sizeof(NoteHeader) + sizeof(NoteCalls);
  NoteCalls calls{};
  calls.words[3] = 5;
  Bytes contents;
  const auto found = [&] {
    contents.clear();
    append(contents, header);
    append(contents, calls);
    for (char c : std::string("tools")) contents.push_back(static_cast<uint8_t>(c));
    return find_kontain_note(note("Kontain", kNoteType, contents), 4)->value();
  };
  CHECK_FALSE(found().calls);
  header.flags |= kNoteCalls;
  REQUIRE(found().calls);
  CHECK(found().calls->words[3] == 5);
  CHECK(found().toolchain == "tools");
}

TEST_CASE("a note that contradicts itself is an error") {
  NoteHeader header = kHeader;
  SECTION("a set of calls without room for it") { header.flags |= kNoteCalls; }
  SECTION("identity longer than the descriptor") { header.toolchain_size = 6; }
  SECTION("identity as long as can be") { header.toolchain_size = 0xffffffff; }
  SECTION("header shorter than the first version's") { header.header_size = 15; }
  SECTION("header longer than the descriptor") { header.header_size = 0xffff; }
  SECTION("version 0") { header.abi_version = 0; }
  CHECK_FALSE(find_kontain_note(note("Kontain", kNoteType, descriptor(header, "tools")), 4));
}

TEST_CASE("every cut of a note is an error or no note") {
  const Bytes whole = good_note();
  for (size_t size = 0; size < whole.size() - 3; ++size) {
    const auto found = find_kontain_note(std::span(whole).first(size), 4);
    INFO(size);
    CHECK((!found || !found->has_value()));
  }
}

TEST_CASE("sizes near the end of the number range are no note") {
  Bytes segment = good_note();
  const uint32_t huge = 0xffffffff;
  SECTION("owner") {
    std::memcpy(segment.data(), &huge, sizeof huge);
    CHECK_FALSE(find_kontain_note(segment, 4)->has_value());
  }
  SECTION("descriptor") {
    std::memcpy(segment.data() + 4, &huge, sizeof huge);
    CHECK_FALSE(find_kontain_note(segment, 4));
  }
}

TEST_CASE("the note of a file is found by its program headers") {
  CHECK(read_kontain_note(elf_file(good_note()))->value().toolchain == "tools");
  CHECK_FALSE(read_kontain_note(elf_file(note("GNU", 3, Bytes(20))))->has_value());
}

TEST_CASE("what is not an ELF64 little-endian file is refused") {
  Bytes file = elf_file(good_note());
  SECTION("empty") { file.clear(); }
  SECTION("shorter than a header") { file.resize(sizeof(Elf64_Ehdr) - 1); }
  SECTION("other magic") { file[0] = 0; }
  SECTION("32 bits") { file[EI_CLASS] = ELFCLASS32; }
  SECTION("big-endian") { file[EI_DATA] = ELFDATA2MSB; }
  CHECK_FALSE(read_kontain_note(file));
}

TEST_CASE("headers and segments outside of the file are refused") {
  Bytes file = elf_file(good_note());
  auto* header = reinterpret_cast<Elf64_Ehdr*>(file.data());
  auto* segment = reinterpret_cast<Elf64_Phdr*>(file.data() + sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr));
  SECTION("program headers far away") { header->e_phoff = ~uint64_t{0}; }
  SECTION("program headers at the end") { header->e_phoff = file.size(); }
  SECTION("too many program headers") { header->e_phnum = 0xffff; }
  SECTION("entries of another size") { header->e_phentsize = 1; }
  SECTION("segment far away") { segment->p_offset = ~uint64_t{0} - 3; }
  SECTION("segment too long") { segment->p_filesz += 1; }
  SECTION("segment as long as can be") { segment->p_filesz = ~uint64_t{0}; }
  CHECK_FALSE(read_kontain_note(file));
}

TEST_CASE("any changed byte is survived") {
  const Bytes original = elf_file(good_note());
  for (size_t at = 0; at < original.size(); ++at) {
    for (uint8_t value : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
      Bytes file = original;
      file[at] = value;
      const auto found = read_kontain_note(file);
      if (found && *found) CHECK((*found)->toolchain.size() <= file.size());
    }
  }
}

}  // namespace kontain::abi
