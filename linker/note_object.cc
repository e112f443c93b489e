#include "linker/note_object.h"

#include <elf.h>

#include <cstddef>
#include <cstring>
#include <utility>

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
// `descriptor_at` becomes the offset of the descriptor.
std::vector<uint8_t> make_note_section(const std::vector<uint8_t>& descriptor, size_t& descriptor_at) {
  std::vector<uint8_t> section;
  append(section, Elf64_Nhdr{.n_namesz = sizeof abi::kNoteOwner,
                             .n_descsz = static_cast<uint32_t>(descriptor.size()),
                             .n_type = abi::kNoteType});
  append_text(section, std::string_view(abi::kNoteOwner, sizeof abi::kNoteOwner));
  pad_to(section, kNoteAlignment);
  descriptor_at = section.size();
  append_bytes(section, descriptor.data(), descriptor.size());
  pad_to(section, kNoteAlignment);
  return section;
}

// Names, each found by its offset.
struct NameTable {
  std::string bytes = std::string(1, '\0');
  uint32_t add(std::string_view name) {
    const auto at = static_cast<uint32_t>(bytes.size());
    bytes.append(name).push_back('\0');
    return at;
  }
};

// A relocatable file while it is put together: its sections one after the other.
class ObjectFile {
 public:
  ObjectFile() : bytes_(sizeof(Elf64_Ehdr)), headers_(1) {}

  void add(std::string_view name, const Elf64_Shdr& header, const std::vector<uint8_t>& contents) {
    pad_to(bytes_, header.sh_addralign);
    headers_.push_back(header);
    headers_.back().sh_name = names_.add(name);
    headers_.back().sh_offset = bytes_.size();
    headers_.back().sh_size = contents.size();
    append_bytes(bytes_, contents.data(), contents.size());
  }

  // Adds the table of section names and the headers.
  std::vector<uint8_t> finish() {
    const uint32_t own_name = names_.add(".shstrtab");
    headers_.push_back({});
    headers_.back().sh_name = own_name;
    headers_.back().sh_type = SHT_STRTAB;
    headers_.back().sh_offset = bytes_.size();
    headers_.back().sh_size = names_.bytes.size();
    headers_.back().sh_addralign = 1;
    append_text(bytes_, names_.bytes);
    pad_to(bytes_, alignof(Elf64_Shdr));
    const Elf64_Ehdr header = relocatable_header(bytes_.size(), headers_.size());
    std::memcpy(bytes_.data(), &header, sizeof header);
    for (const Elf64_Shdr& section : headers_) append(bytes_, section);
    return std::move(bytes_);
  }

 private:
  static Elf64_Ehdr relocatable_header(size_t section_headers, size_t section_count) {
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

  std::vector<uint8_t> bytes_;
  std::vector<Elf64_Shdr> headers_;
  NameTable names_;
};

Elf64_Shdr section(uint32_t type, uint64_t flags, uint64_t alignment) {
  Elf64_Shdr header{};
  header.sh_type = type;
  header.sh_flags = flags;
  header.sh_addralign = alignment;
  return header;
}

// What the symbols and relocations of the object say: kFlagsSymbol's value goes to `place`.
struct FlagsReference {
  std::vector<uint8_t> symbols;
  std::vector<uint8_t> names;
  std::vector<uint8_t> relocations;
};

FlagsReference refer_to_flags(size_t place, uint32_t flags) {
  NameTable names;
  Elf64_Sym symbol{};
  symbol.st_name = names.add(kFlagsSymbol);
  // Weak: without the SDK's libc the value is 0. Hidden: no other module's symbol is meant.
  symbol.st_info = ELF64_ST_INFO(STB_WEAK, STT_NOTYPE);
  symbol.st_other = STV_HIDDEN;
  FlagsReference out;
  append(out.symbols, Elf64_Sym{});
  append(out.symbols, symbol);
  append_text(out.names, names.bytes);
  append(out.relocations, Elf64_Rela{.r_offset = place, .r_info = ELF64_R_INFO(1, R_X86_64_32), .r_addend = flags});
  return out;
}

}  // namespace

std::vector<uint8_t> encode_note_descriptor(const NoteDescription& note) {
  std::vector<uint8_t> out;
  append(out, abi::NoteHeader{.abi_version = abi::kAbiVersion,
                              .header_size = sizeof(abi::NoteHeader) + sizeof(abi::NoteCalls),
                              .minimum_km_version = note.minimum_km_version,
                              .flags = note.flags,
                              .toolchain_size = static_cast<uint32_t>(note.toolchain.size())});
  append(out, abi::NoteCalls{});
  append_text(out, note.toolchain);
  return out;
}

std::vector<uint8_t> make_note_object(const NoteDescription& note) {
  size_t descriptor_at = 0;
  const std::vector<uint8_t> contents = make_note_section(encode_note_descriptor(note), descriptor_at);
  const FlagsReference reference = refer_to_flags(descriptor_at + offsetof(abi::NoteHeader, flags), note.flags);

  ObjectFile object;
  object.add(kNoteSection, section(SHT_NOTE, SHF_ALLOC, kNoteAlignment), contents);
  // Without this marker a linker would believe that the object wants an executable stack.
  object.add(".note.GNU-stack", section(SHT_PROGBITS, 0, 1), {});
  object.add(".strtab", section(SHT_STRTAB, 0, 1), reference.names);
  Elf64_Shdr symbols = section(SHT_SYMTAB, 0, alignof(Elf64_Sym));
  symbols.sh_link = 3;
  symbols.sh_info = 1;  // the first that is not local
  symbols.sh_entsize = sizeof(Elf64_Sym);
  object.add(".symtab", symbols, reference.symbols);
  Elf64_Shdr relocations = section(SHT_RELA, SHF_INFO_LINK, alignof(Elf64_Rela));
  relocations.sh_link = 4;
  relocations.sh_info = 1;
  relocations.sh_entsize = sizeof(Elf64_Rela);
  object.add(std::string(".rela") + kNoteSection, relocations, reference.relocations);
  return object.finish();
}

}  // namespace kontain::linker
