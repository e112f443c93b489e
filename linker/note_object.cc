#include "linker/note_object.h"

#include <elf.h>

#include <array>
#include <cstring>

#include "base/abi/note.h"
#include "base/checked.h"

namespace kontain::linker {
namespace {

constexpr size_t kNoteAlignment = 4;

void append_bytes(std::vector<uint8_t>& out, const void* bytes, size_t size) {
  if (size == 0) return;
  const size_t at = out.size();
  out.resize(at + size);
  std::memcpy(out.data() + at, bytes, size);
}

template <class T>
void append(std::vector<uint8_t>& out, const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  append_bytes(out, &value, sizeof value);
}

void append_text(std::vector<uint8_t>& out, std::string_view text) { append_bytes(out, text.data(), text.size()); }

void pad_to(std::vector<uint8_t>& out, size_t alignment) { out.resize(align_up(out.size(), alignment)); }

// One ELF note: header, owner with its NUL, descriptor; the two parts padded to four bytes (gABI "Note Section").
std::vector<uint8_t> make_note_section(const std::vector<uint8_t>& descriptor) {
  std::vector<uint8_t> section;
  append(section, Elf64_Nhdr{.n_namesz = sizeof abi::kNoteOwner,
                             .n_descsz = static_cast<uint32_t>(descriptor.size()),
                             .n_type = abi::kNoteType});
  append_text(section, std::string_view(abi::kNoteOwner, sizeof abi::kNoteOwner));
  pad_to(section, kNoteAlignment);
  append_bytes(section, descriptor.data(), descriptor.size());
  pad_to(section, kNoteAlignment);
  return section;
}

// Section names, each found by its offset.
struct NameTable {
  std::string bytes = std::string(1, '\0');
  uint32_t add(std::string_view name) {
    const auto at = static_cast<uint32_t>(bytes.size());
    bytes.append(name).push_back('\0');
    return at;
  }
};

Elf64_Ehdr relocatable_header(size_t section_headers, size_t section_count) {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_REL;
  header.e_machine = EM_X86_64;
  header.e_version = EV_CURRENT;
  header.e_shoff = section_headers;
  header.e_ehsize = sizeof(Elf64_Ehdr);
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = static_cast<uint16_t>(section_count);
  header.e_shstrndx = static_cast<uint16_t>(section_count - 1);
  return header;
}

}  // namespace

std::vector<uint8_t> encode_note_descriptor(const NoteDescription& note) {
  std::vector<uint8_t> out;
  append(out, abi::NoteHeader{.abi_version = abi::kAbiVersion,
                              .header_size = sizeof(abi::NoteHeader),
                              .minimum_km_version = note.minimum_km_version,
                              .flags = note.flags,
                              .toolchain_size = static_cast<uint32_t>(note.toolchain.size())});
  append_text(out, note.toolchain);
  return out;
}

std::vector<uint8_t> make_note_object(const NoteDescription& note) {
  const std::vector<uint8_t> section = make_note_section(encode_note_descriptor(note));
  NameTable names;
  const uint32_t note_name = names.add(kNoteSection);
  // Without this marker a linker would believe that the object wants an executable stack.
  const uint32_t stack_name = names.add(".note.GNU-stack");
  const uint32_t names_name = names.add(".shstrtab");

  const uint64_t note_at = sizeof(Elf64_Ehdr);
  const uint64_t names_at = note_at + section.size();
  const uint64_t headers_at = align_up(names_at + names.bytes.size(), alignof(Elf64_Shdr));
  const std::array<Elf64_Shdr, 4> headers = {Elf64_Shdr{},
                                             Elf64_Shdr{.sh_name = note_name,
                                                        .sh_type = SHT_NOTE,
                                                        .sh_flags = SHF_ALLOC,
                                                        .sh_addr = 0,
                                                        .sh_offset = note_at,
                                                        .sh_size = section.size(),
                                                        .sh_link = 0,
                                                        .sh_info = 0,
                                                        .sh_addralign = kNoteAlignment,
                                                        .sh_entsize = 0},
                                             Elf64_Shdr{.sh_name = stack_name,
                                                        .sh_type = SHT_PROGBITS,
                                                        .sh_flags = 0,
                                                        .sh_addr = 0,
                                                        .sh_offset = names_at,
                                                        .sh_size = 0,
                                                        .sh_link = 0,
                                                        .sh_info = 0,
                                                        .sh_addralign = 1,
                                                        .sh_entsize = 0},
                                             Elf64_Shdr{.sh_name = names_name,
                                                        .sh_type = SHT_STRTAB,
                                                        .sh_flags = 0,
                                                        .sh_addr = 0,
                                                        .sh_offset = names_at,
                                                        .sh_size = names.bytes.size(),
                                                        .sh_link = 0,
                                                        .sh_info = 0,
                                                        .sh_addralign = 1,
                                                        .sh_entsize = 0}};

  std::vector<uint8_t> object;
  append(object, relocatable_header(headers_at, headers.size()));
  append_bytes(object, section.data(), section.size());
  append_text(object, names.bytes);
  pad_to(object, alignof(Elf64_Shdr));
  for (const Elf64_Shdr& header : headers) append(object, header);
  return object;
}

}  // namespace kontain::linker
