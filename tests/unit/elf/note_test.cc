#include <catch2/catch.hpp>

#include "base/abi/note.h"
#include "km/elf/kontain_note.h"
#include "km/elf/parser.h"
#include "tests/unit/elf/elf_builder.h"

using namespace kontain;
using namespace kontain::elf;
using test::ElfBuilder;

namespace {

using Bytes = std::vector<std::byte>;

void append(Bytes& to, const void* from, size_t size) {
  const auto* first = static_cast<const std::byte*>(from);
  to.insert(to.end(), first, first + size);
}

// One note entry, padded to `alignment`.
Bytes entry(std::string_view owner, uint32_t type, const Bytes& descriptor, size_t alignment = 4) {
  const uint32_t head[] = {static_cast<uint32_t>(owner.size()), static_cast<uint32_t>(descriptor.size()), type};
  Bytes bytes;
  append(bytes, head, sizeof head);
  append(bytes, owner.data(), owner.size());
  bytes.resize((bytes.size() + alignment - 1) / alignment * alignment);
  append(bytes, descriptor.data(), descriptor.size());
  bytes.resize((bytes.size() + alignment - 1) / alignment * alignment);
  return bytes;
}

constexpr std::string_view kOwner("Kontain\0", 8);

Bytes descriptor(const abi::NoteHeader& header, std::string_view toolchain) {
  Bytes bytes;
  append(bytes, &header, sizeof header);
  append(bytes, toolchain.data(), toolchain.size());
  return bytes;
}

abi::NoteHeader good_header() {
  return {abi::kAbiVersion, sizeof(abi::NoteHeader), abi::pack_version(0, 1, 0), abi::kNoteDirectCalls, 5};
}

Bytes operator+(Bytes first, const Bytes& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

}  // namespace

TEST_CASE("the Kontain note is found among others") {
  const Bytes foreign = entry(std::string_view("GNU\0", 4), 3, Bytes(20));
  const Bytes ours = entry(kOwner, abi::kNoteType, descriptor(good_header(), "clang"));
  const auto note = find_kontain_note(foreign + ours + foreign, 4);
  REQUIRE(note);
  REQUIRE(*note);
  CHECK((*note)->abi_version == abi::kAbiVersion);
  CHECK((*note)->minimum_km_version == abi::pack_version(0, 1, 0));
  CHECK((*note)->flags == abi::kNoteDirectCalls);
  CHECK((*note)->toolchain == "clang");
}

TEST_CASE("notes aligned to 8 bytes are stepped over as such") {
  const Bytes foreign = entry(std::string_view("GNU\0", 4), 5, Bytes(20), 8);
  const Bytes ours = entry(kOwner, abi::kNoteType, descriptor(good_header(), "clang"), 8);
  CHECK(*find_kontain_note(foreign + ours, 8));
}

TEST_CASE("another owner's or another type's note is not ours") {
  const Bytes body = descriptor(good_header(), "clang");
  CHECK_FALSE(*find_kontain_note(entry(kOwner, abi::kNoteType + 1, body), 4));
  CHECK_FALSE(*find_kontain_note(entry(std::string_view("KontaiN\0", 8), abi::kNoteType, body), 4));
  CHECK_FALSE(*find_kontain_note(entry("Kontain", abi::kNoteType, body), 4));
}

TEST_CASE("damaged foreign notes end the search and stop nothing") {
  const Bytes ours = entry(kOwner, abi::kNoteType, descriptor(good_header(), "clang"));
  for (const uint32_t size : {0xffff'ffffu, 0x8000'0000u, 1000u}) {
    Bytes damaged = entry(std::string_view("GNU\0", 4), 3, Bytes(20)) + ours;
    std::memcpy(damaged.data() + 4, &size, sizeof size);
    CHECK_FALSE(*find_kontain_note(damaged, 4));
    std::memcpy(damaged.data(), &size, sizeof size);
    CHECK_FALSE(*find_kontain_note(damaged, 4));
  }
  CHECK_FALSE(*find_kontain_note(Bytes(11), 4));
  CHECK_FALSE(*find_kontain_note(Bytes(), 4));
}

TEST_CASE("a damaged Kontain note is refused") {
  const auto refused = [](const abi::NoteHeader& header, std::string_view toolchain) {
    const auto note = find_kontain_note(entry(kOwner, abi::kNoteType, descriptor(header, toolchain)), 4);
    return !note && note.error().kind == RejectKind::BadNote;
  };
  abi::NoteHeader header = good_header();
  CHECK_FALSE(refused(header, "clang"));
  CHECK(refused(header, "clan"));
  header.toolchain_size = 0xffff'ffff;
  CHECK(refused(header, "clang"));
  header = good_header();
  header.header_size = 12;
  CHECK(refused(header, "clang"));
  header.header_size = 100;
  CHECK(refused(header, "clang"));
  CHECK_FALSE(find_kontain_note(entry(kOwner, abi::kNoteType, Bytes(8)), 4));
}

TEST_CASE("a longer header of a later linker is read as far as it is known") {
  abi::NoteHeader header = good_header();
  header.header_size = 24;
  const auto note = find_kontain_note(entry(kOwner, abi::kNoteType, descriptor(header, "12345678clang")), 4);
  REQUIRE(note);
  CHECK((*note)->toolchain == "clang");
}

TEST_CASE("a note that needs a later km is refused") {
  KontainNote note{abi::kAbiVersion, abi::pack_version(1, 2, 3), 0, ""};
  CHECK(check_note(note, abi::pack_version(1, 2, 3)));
  const auto checked = check_note(note, abi::pack_version(1, 2, 2));
  REQUIRE_FALSE(checked);
  CHECK(checked.error().kind == RejectKind::TooNew);
  CHECK(checked.error().reason == "it was linked for km 1.2.3 or later, this is 1.2.2");
  note.abi_version = abi::kAbiVersion + 1;
  CHECK_FALSE(check_note(note, abi::pack_version(9, 9, 9)));
}

TEST_CASE("the parser picks the note up and ignores notes outside the file") {
  ElfBuilder elf = ElfBuilder::usual();
  elf.add(PT_NOTE, ~uint64_t{0} - 4, 0, 100, 100, PF_R, 4);
  const Bytes ours = entry(kOwner, abi::kNoteType, descriptor(good_header(), "clang"));
  elf.put(0x2000, ours);
  elf.add(PT_NOTE, 0x2000, 0x402000, ours.size(), ours.size(), PF_R, 4);
  elf.add(PT_NOTE, 0x100, 0, 0x2000, 0x2000, PF_R, 4);
  const std::vector<std::byte> file = elf.build();
  const auto image = parse(MemorySource(file));
  REQUIRE(image);
  REQUIRE(image->note);
  CHECK(image->note->toolchain == "clang");
}
