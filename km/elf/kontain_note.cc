#include "km/elf/kontain_note.h"

#include <cstring>

#include "base/abi/note.h"
#include "base/checked.h"

namespace kontain::elf {
namespace {

constexpr size_t kNoteEntryHeader = 12;  // namesz, descsz, type

struct Entry {
  uint32_t type = 0;
  std::span<const std::byte> name;
  std::span<const std::byte> descriptor;
};

uint32_t word_at(std::span<const std::byte> bytes, size_t offset) {
  uint32_t word = 0;
  std::memcpy(&word, bytes.data() + offset, sizeof word);
  return word;
}

// Takes the first entry off `rest`; nothing when what is left is no whole entry.
std::optional<Entry> take_entry(std::span<const std::byte>& rest, uint64_t alignment) {
  if (rest.size() < kNoteEntryHeader) return std::nullopt;
  const uint64_t name_size = word_at(rest, 0);
  const uint64_t descriptor_size = word_at(rest, 4);
  const uint64_t descriptor_start = align_up(kNoteEntryHeader + name_size, alignment);
  const uint64_t end = descriptor_start + descriptor_size;
  if (end > rest.size()) return std::nullopt;
  Entry entry{word_at(rest, 8), rest.subspan(kNoteEntryHeader, name_size),
              rest.subspan(descriptor_start, descriptor_size)};
  const uint64_t next = align_up(end, alignment);
  rest = rest.subspan(next < rest.size() ? next : rest.size());
  return entry;
}

bool is_ours(const Entry& entry) {
  return entry.type == abi::kNoteType && entry.name.size() == sizeof abi::kNoteOwner &&
         std::memcmp(entry.name.data(), abi::kNoteOwner, sizeof abi::kNoteOwner) == 0;
}

Parsed<std::optional<KontainNote>> decode(std::span<const std::byte> descriptor) {
  abi::NoteHeader header;
  if (descriptor.size() < sizeof header) return reject(RejectKind::BadNote, "its Kontain note is too short");
  std::memcpy(&header, descriptor.data(), sizeof header);
  // A later linker's header may be longer, never shorter.
  if (header.header_size < sizeof header || header.header_size > descriptor.size()) {
    return reject(RejectKind::BadNote, "its Kontain note has an impossible header size");
  }
  if (header.toolchain_size > descriptor.size() - header.header_size) {
    return reject(RejectKind::BadNote, "its Kontain note's toolchain identity is cut off");
  }
  KontainNote note{header.abi_version, header.minimum_km_version, header.flags, {}};
  note.toolchain.assign(reinterpret_cast<const char*>(descriptor.data()) + header.header_size, header.toolchain_size);
  return note;
}

std::string version_text(uint32_t version) {
  return std::to_string(version >> 16) + "." + std::to_string(version >> 8 & 0xff) + "." +
         std::to_string(version & 0xff);
}

}  // namespace

Parsed<std::optional<KontainNote>> find_kontain_note(std::span<const std::byte> segment, uint64_t alignment) {
  const uint64_t padding = alignment == 8 ? 8 : 4;
  while (std::optional<Entry> entry = take_entry(segment, padding)) {
    if (is_ours(*entry)) return decode(entry->descriptor);
  }
  return std::nullopt;
}

Parsed<void> check_note(const KontainNote& note, uint32_t km_version) {
  if (note.abi_version > abi::kAbiVersion) {
    return reject(RejectKind::TooNew, "its payload format is version " + std::to_string(note.abi_version) +
                                          ", this km knows " + std::to_string(abi::kAbiVersion));
  }
  if (note.minimum_km_version > km_version) {
    return reject(RejectKind::TooNew, "it was linked for km " + version_text(note.minimum_km_version) +
                                          " or later, this is " + version_text(km_version));
  }
  return {};
}

}  // namespace kontain::elf
