#include "km/elf/parser.h"

#include <elf.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>
#include <type_traits>

#include "base/checked.h"
#include "km/elf/names.h"

namespace kontain::elf {
namespace {

static_assert(kRead == PF_R && kWrite == PF_W && kExecute == PF_X);
static_assert(sizeof(Elf64_Ehdr) == 64 && sizeof(Elf64_Phdr) == 56);

std::string number(uint64_t value) { return std::to_string(value); }

// Reads what the file promised to have; `what` names it in the message.
Parsed<void> read_promised(const ByteSource& file, uint64_t offset, std::span<std::byte> to, const std::string& what) {
  const std::optional<uint64_t> end = checked_add(offset, to.size());
  if (!end || *end > file.size()) {
    return reject(RejectKind::Truncated, what + " lies beyond the end of the file (" + number(file.size()) + " bytes)");
  }
  if (!file.read_at(offset, to)) return reject(RejectKind::ReadFailed, what + " cannot be read");
  return {};
}

// e_machine stands at the same place in every class; only its byte order differs.
uint16_t machine_of(const Elf64_Ehdr& header) {
  const bool big_endian = header.e_ident[EI_DATA] == ELFDATA2MSB;
  return big_endian ? __builtin_bswap16(header.e_machine) : header.e_machine;
}

Parsed<void> check_identity(const Elf64_Ehdr& header) {
  const std::string machine = machine_name(machine_of(header));
  if (header.e_ident[EI_CLASS] == ELFCLASS32) {
    return reject(RejectKind::WrongClass, "its ELF class is 32-bit (" + machine + ")");
  }
  if (header.e_ident[EI_CLASS] != ELFCLASS64) {
    return reject(RejectKind::WrongClass, "its ELF class is " + number(header.e_ident[EI_CLASS]));
  }
  if (header.e_ident[EI_DATA] == ELFDATA2MSB) {
    return reject(RejectKind::WrongByteOrder, "its byte order is big-endian (" + machine + ")");
  }
  if (header.e_ident[EI_DATA] != ELFDATA2LSB) {
    return reject(RejectKind::WrongByteOrder, "its byte order is " + number(header.e_ident[EI_DATA]));
  }
  if (header.e_machine != EM_X86_64) return reject(RejectKind::WrongMachine, "its ELF machine is " + machine);
  if (header.e_type != ET_EXEC && header.e_type != ET_DYN) {
    return reject(RejectKind::WrongType, "its ELF file is " + type_name(header.e_type));
  }
  return {};
}

Parsed<Elf64_Ehdr> read_header(const ByteSource& file) {
  if (file.size() == 0) return reject(RejectKind::Empty, "the file is empty");
  Elf64_Ehdr header{};
  const std::span<std::byte> bytes = std::as_writable_bytes(std::span(&header, 1));
  const uint64_t present = std::min<uint64_t>(file.size(), bytes.size());
  if (!file.read_at(0, bytes.first(present))) return reject(RejectKind::ReadFailed, "its first bytes cannot be read");
  if (!has_elf_magic(bytes.first(present))) return reject(RejectKind::NotElf, "it is neither an ELF file nor a script");
  // A 32-bit header is 52 bytes long: say "32-bit" of it, not "truncated".
  if (present >= sizeof(Elf32_Ehdr) || present == bytes.size()) TRY(check_identity(header));
  if (present < bytes.size()) return reject(RejectKind::CutHeader, "its ELF header is cut off");
  return header;
}

Parsed<std::vector<Elf64_Phdr>> read_program_headers(const ByteSource& file, const Elf64_Ehdr& header) {
  if (header.e_phnum == 0) return reject(RejectKind::BadHeader, "it has no program headers");
  if (header.e_phentsize != sizeof(Elf64_Phdr)) {
    return reject(RejectKind::BadHeader, "its program headers are of " + number(header.e_phentsize) + " bytes, not 56");
  }
  if (uint64_t{header.e_phnum} * sizeof(Elf64_Phdr) > kMaximumHeaderTable) {
    return reject(RejectKind::BadHeader, "it has too many program headers (" + number(header.e_phnum) + ")");
  }
  std::vector<Elf64_Phdr> table(header.e_phnum);
  TRY(read_promised(file, header.e_phoff, std::as_writable_bytes(std::span(table)), "its program header table"));
  return table;
}

std::string segment_name(size_t index) { return "its program header " + number(index); }

Parsed<void> check_segment(const Elf64_Phdr& header, size_t index, uint64_t file_size) {
  const std::string name = segment_name(index);
  if (header.p_filesz > header.p_memsz) {
    return reject(RejectKind::BadSegment, name + " is larger in the file than in memory");
  }
  if (header.p_vaddr >= kTaskSize || header.p_memsz > kTaskSize || header.p_vaddr > kTaskSize - header.p_memsz) {
    return reject(RejectKind::BadSegment, name + " reaches beyond the user address space");
  }
  if (header.p_filesz == 0) return {};
  if ((header.p_vaddr - header.p_offset) % kPageSize != 0) {
    return reject(RejectKind::BadSegment, name + " has an address and a file offset that no page can join");
  }
  const std::optional<uint64_t> end = checked_add(header.p_offset, header.p_filesz);
  if (!end || *end > file_size) {
    return reject(RejectKind::Truncated, name + " lies beyond the end of the file (" + number(file_size) + " bytes)");
  }
  return {};
}

Parsed<void> add_segment(Image& image, const Elf64_Phdr& header, size_t index, uint64_t file_size) {
  TRY(check_segment(header, index, file_size));
  // As Linux does, an alignment that is no power of two counts as none.
  if (std::has_single_bit(header.p_align)) image.alignment = std::max<uint64_t>(image.alignment, header.p_align);
  if (header.p_memsz == 0) return {};
  if (!image.segments.empty() && header.p_vaddr < image.segments.back().end()) {
    const bool overlaps = header.p_vaddr + header.p_memsz > image.segments.back().address;
    return reject(RejectKind::BadSegment, segment_name(index) + (overlaps ? " overlaps the segment before it"
                                                                          : " lies below the segment before it"));
  }
  image.segments.push_back(
      {header.p_vaddr, header.p_memsz, header.p_offset, header.p_filesz, header.p_flags & (PF_R | PF_W | PF_X)});
  return {};
}

Parsed<std::string> read_interpreter(const ByteSource& file, const Elf64_Phdr& header) {
  if (header.p_filesz > kPathMax) return reject(RejectKind::BadInterpreter, "its interpreter's path is too long");
  if (header.p_filesz < 2) return reject(RejectKind::BadInterpreter, "its interpreter's path is empty");
  std::string path(header.p_filesz, '\0');
  TRY(read_promised(file, header.p_offset, std::as_writable_bytes(std::span(path)), "its interpreter's path"));
  if (path.back() != '\0') return reject(RejectKind::BadInterpreter, "its interpreter's path has no end");
  path.resize(path.find('\0'));
  if (path.empty()) return reject(RejectKind::BadInterpreter, "its interpreter's path is empty");
  return path;
}

// The first PT_INTERP counts.
Parsed<void> set_interpreter(Image& image, const ByteSource& file, const Elf64_Phdr& header) {
  if (image.interpreter) return {};
  TRY_ASSIGN(image.interpreter, read_interpreter(file, header));
  return {};
}

// Notes decide nothing on Linux: one that is cut off or too long is somebody else's problem, unless it is ours.
Parsed<void> read_note(Image& image, const ByteSource& file, const Elf64_Phdr& header) {
  if (image.note || header.p_filesz > kMaximumNoteSegment) return {};
  const std::optional<uint64_t> end = checked_add(header.p_offset, header.p_filesz);
  if (!end || *end > file.size()) return {};
  std::vector<std::byte> bytes(header.p_filesz);
  if (!file.read_at(header.p_offset, bytes)) return reject(RejectKind::ReadFailed, "its notes cannot be read");
  TRY_ASSIGN(image.note, find_kontain_note(bytes, header.p_align));
  return {};
}

Parsed<void> add_header(Image& image, const ByteSource& file, const Elf64_Phdr& header, size_t index) {
  switch (header.p_type) {
    case PT_LOAD: return add_segment(image, header, index, file.size());
    case PT_INTERP: return set_interpreter(image, file, header);
    case PT_NOTE: return read_note(image, file, header);
    case PT_TLS: image.tls = {header.p_vaddr, header.p_filesz, header.p_memsz, header.p_align}; return {};
    case PT_GNU_STACK: image.stack = header.p_flags & PF_X ? StackKind::Execute : StackKind::NoExecute; return {};
    case PT_GNU_PROPERTY: image.has_gnu_property = true; return {};
    default: return {};
  }
}

// Where the table lies in memory: in the segment that carries its bytes, else where PT_PHDR says.
std::optional<uint64_t> find_program_headers(const Image& image, const Elf64_Ehdr& header,
                                             std::span<const Elf64_Phdr> table) {
  for (const Segment& segment : image.segments) {
    if (header.e_phoff >= segment.offset && header.e_phoff - segment.offset < segment.file_size) {
      return segment.address + (header.e_phoff - segment.offset);
    }
  }
  for (const Elf64_Phdr& row : table) {
    if (row.p_type == PT_PHDR && row.p_vaddr < kTaskSize) return row.p_vaddr;
  }
  return std::nullopt;
}

}  // namespace

uint64_t Image::low() const { return page_down(segments.front().address); }
uint64_t Image::high() const { return page_up(segments.back().end()); }

bool has_elf_magic(std::span<const std::byte> head) {
  return head.size() >= SELFMAG && std::memcmp(head.data(), ELFMAG, SELFMAG) == 0;
}

Parsed<Image> parse(const ByteSource& file) {
  TRY_ASSIGN(const Elf64_Ehdr header, read_header(file));
  TRY_ASSIGN(const std::vector<Elf64_Phdr> table, read_program_headers(file, header));

  Image image;
  image.kind = header.e_type == ET_EXEC ? Image::Kind::Fixed : Image::Kind::Movable;
  image.entry = header.e_entry;
  image.program_header_count = header.e_phnum;
  for (size_t index = 0; index < table.size(); ++index) TRY(add_header(image, file, table[index], index));
  if (image.segments.empty()) return reject(RejectKind::NoSegments, "it has nothing to load");
  image.program_headers = find_program_headers(image, header, table);
  return image;
}

}  // namespace kontain::elf
