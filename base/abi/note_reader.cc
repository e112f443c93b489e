#include "base/abi/note_reader.h"

#include <elf.h>

#include <cstring>

#include "base/checked.h"

namespace kontain::abi {
namespace {

using Bytes = std::span<const uint8_t>;

// `size` bytes of `bytes` from `offset`, or nothing when they are not all there.
std::optional<Bytes> slice(Bytes bytes, uint64_t offset, uint64_t size) {
  if (offset > bytes.size() || size > bytes.size() - offset) return std::nullopt;
  return bytes.subspan(offset, size);
}

// A T that stands unaligned at `offset`.
template <class T>
std::optional<T> read(Bytes bytes, uint64_t offset) {
  const std::optional<Bytes> part = slice(bytes, offset, sizeof(T));
  if (!part) return std::nullopt;
  T value;
  std::memcpy(&value, part->data(), sizeof value);
  return value;
}

tl::unexpected<Error> malformed(std::string_view reason) { return fail("Kontain note", "", reason); }

bool is_kontain(const Elf64_Nhdr& header, Bytes name) {
  return header.n_type == kNoteType && name.size() == sizeof kNoteOwner &&
         std::memcmp(name.data(), kNoteOwner, sizeof kNoteOwner) == 0;
}

Result<KontainNote> decode(Bytes descriptor) {
  const std::optional<NoteHeader> header = read<NoteHeader>(descriptor, 0);
  if (!header) return malformed("shorter than its header");
  if (header->abi_version == 0) return malformed("has the ABI version 0");
  if (header->header_size < sizeof(NoteHeader)) return malformed("says that its header is shorter than it can be");
  const std::optional<Bytes> toolchain = slice(descriptor, header->header_size, header->toolchain_size);
  if (!toolchain) return malformed("its toolchain identity does not fit");
  std::optional<NoteCalls> calls;
  if ((header->flags & kNoteCalls) != 0) {
    if (header->header_size < sizeof(NoteHeader) + sizeof(NoteCalls)) return malformed("its set of calls does not fit");
    calls = read<NoteCalls>(descriptor, sizeof(NoteHeader));
  }
  return KontainNote{.abi_version = header->abi_version,
                     .minimum_km_version = header->minimum_km_version,
                     .flags = header->flags,
                     .calls = calls,
                     .toolchain = std::string(toolchain->begin(), toolchain->end())};
}

}  // namespace

Result<std::optional<KontainNote>> find_kontain_note(Bytes segment, uint64_t alignment) {
  const uint64_t padding = alignment == 8 ? 8 : 4;
  uint64_t at = 0;
  // Sizes are 32 bits wide and `at` stays within the segment, so 64-bit sums cannot overflow.
  while (const std::optional<Elf64_Nhdr> header = read<Elf64_Nhdr>(segment, at)) {
    const uint64_t name_at = at + sizeof(Elf64_Nhdr);
    const std::optional<Bytes> name = slice(segment, name_at, header->n_namesz);
    if (!name) return std::optional<KontainNote>{};
    const uint64_t descriptor_at = align_up(name_at + header->n_namesz, padding);
    const std::optional<Bytes> descriptor = slice(segment, descriptor_at, header->n_descsz);
    if (is_kontain(*header, *name)) {
      if (!descriptor) return malformed("does not fit its segment");
      TRY_ASSIGN(KontainNote note, decode(*descriptor));
      return std::optional<KontainNote>(std::move(note));
    }
    if (!descriptor) return std::optional<KontainNote>{};
    at = align_up(descriptor_at + header->n_descsz, padding);
  }
  return std::optional<KontainNote>{};
}

Result<std::optional<KontainNote>> read_kontain_note(Bytes file) {
  const std::optional<Elf64_Ehdr> header = read<Elf64_Ehdr>(file, 0);
  if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_ident[EI_CLASS] != ELFCLASS64 ||
      header->e_ident[EI_DATA] != ELFDATA2LSB) {
    return fail("not an ELF64 little-endian file", "", "");
  }
  if (header->e_phnum == 0) return std::optional<KontainNote>{};
  if (header->e_phentsize != sizeof(Elf64_Phdr)) return fail("program headers", "", "have an unknown size");
  const std::optional<Bytes> table = slice(file, header->e_phoff, uint64_t{header->e_phnum} * sizeof(Elf64_Phdr));
  if (!table) return fail("program headers", "", "lie outside of the file");
  for (uint64_t i = 0; i < header->e_phnum; ++i) {
    const auto segment = *read<Elf64_Phdr>(*table, i * sizeof(Elf64_Phdr));
    if (segment.p_type != PT_NOTE) continue;
    const std::optional<Bytes> notes = slice(file, segment.p_offset, segment.p_filesz);
    if (!notes) return fail("note segment", "", "lies outside of the file");
    TRY_ASSIGN(std::optional<KontainNote> note, find_kontain_note(*notes, segment.p_align));
    if (note) return note;
  }
  return std::optional<KontainNote>{};
}

}  // namespace kontain::abi
