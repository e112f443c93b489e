#include "linker/analyser/elf_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/checked.h"
#include "base/text.h"
#include "base/unique_fd.h"

namespace kontain::analyser {
namespace {

// No real program comes near these; what does is a file made to exhaust memory.
constexpr uint64_t kMaximumFile = uint64_t{2} << 30;
constexpr size_t kMaximumRecords = 4'000'000;

// The text that begins at `offset`, up to its NUL or the end.
std::string text_of(Bytes bytes, uint64_t offset) {
  if (offset >= bytes.size()) return {};
  const auto* start = reinterpret_cast<const char*>(bytes.data() + offset);
  return {start, strnlen(start, bytes.size() - offset)};
}

// Reads the numbers of .eh_frame and .eh_frame_hdr (LSB, "Exception Frames").
class FrameReader {
 public:
  FrameReader(Bytes bytes, uint64_t address) : bytes_(bytes), address_(address) {}

  bool at_end() const { return failed_ || offset_ >= bytes_.size(); }
  bool failed() const { return failed_; }
  size_t offset() const { return offset_; }
  void seek(size_t offset) { offset_ = offset; }

  template <class T>
  T take() {
    const std::optional<T> value = read_at<T>(bytes_, offset_);
    if (!value) failed_ = true;
    offset_ += sizeof(T);
    return value.value_or(T{});
  }

  uint64_t take_leb128() {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = take<uint8_t>();
      value |= uint64_t{byte & 0x7fu} << shift;
      if (!(byte & 0x80)) break;
    }
    return value;
  }

  // A pointer in the encoding DW_EH_PE_*; only its size and whether it is relative to itself matter here.
  uint64_t take_pointer(uint8_t encoding) {
    const uint64_t here = address_ + offset_;
    uint64_t value = 0;
    switch (encoding & 0x0f) {
      case 0x00:
      case 0x04:
      case 0x0c: value = take<uint64_t>(); break;
      case 0x01:
      case 0x09: value = take_leb128(); break;
      case 0x02: value = take<uint16_t>(); break;
      case 0x0a: value = static_cast<uint64_t>(int64_t{take<int16_t>()}); break;
      case 0x03: value = take<uint32_t>(); break;
      case 0x0b: value = static_cast<uint64_t>(int64_t{take<int32_t>()}); break;
      default: failed_ = true;
    }
    return (encoding & 0x70) == 0x10 ? here + value : value;
  }

 private:
  Bytes bytes_;
  uint64_t address_;
  size_t offset_ = 0;
  bool failed_ = false;
};

// Sorts, and leaves nothing empty and nothing twice.
void merge_overlaps(std::vector<Range>& ranges) {
  std::erase_if(ranges, [](const Range& range) { return range.start >= range.end; });
  std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) { return a.start < b.start; });
  std::vector<Range> merged;
  for (const Range& range : ranges) {
    if (!merged.empty() && range.start < merged.back().end) {
      merged.back().end = std::max(merged.back().end, range.end);
    } else {
      merged.push_back(range);
    }
  }
  ranges = std::move(merged);
}

// What a CIE says about its FDEs.
struct FrameKind {
  uint8_t pointer_encoding = 0;
  bool is_signal = false;  // a return trampoline: the range begins one byte early, so that unwinders find it
};

FrameKind kind_of_cie(Bytes bytes, uint64_t address, size_t offset) {
  FrameKind kind;
  FrameReader in(bytes, address);
  in.seek(offset + 8);
  const auto version = in.take<uint8_t>();
  std::string augmentation;
  while (!in.at_end()) {
    const auto c = in.take<char>();
    if (c == 0 || augmentation.size() > 8) break;
    augmentation.push_back(c);
  }
  in.take_leb128();
  in.take_leb128();
  if (version == 1) {
    in.take<uint8_t>();
  } else {
    in.take_leb128();
  }
  if (!augmentation.starts_with('z')) return kind;
  in.take_leb128();
  for (const char c : augmentation.substr(1)) {
    if (c == 'S') kind.is_signal = true;
    if (c == 'R') kind.pointer_encoding = in.take<uint8_t>();
    if (c == 'L') in.take<uint8_t>();
    if (c == 'P') in.take_pointer(in.take<uint8_t>());
  }
  return kind;
}

}  // namespace

FileKind kind_of(Bytes head) {
  if (head.size() >= SELFMAG && std::memcmp(head.data(), ELFMAG, SELFMAG) == 0) return FileKind::Elf;
  if (head.size() >= 2 && head[0] == '#' && head[1] == '!') return FileKind::Script;
  return FileKind::Other;
}

const char* foreign_format(Bytes head) {
  if (head.size() < EI_NIDENT) return nullptr;
  if (head[EI_CLASS] != ELFCLASS64) return "a 32-bit program";
  if (head[EI_DATA] != ELFDATA2LSB) return "a big-endian program";
  return nullptr;
}

Result<std::vector<uint8_t>> read_file(const std::string& path) {
  // A FIFO or a device would wait for somebody.
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) return fail_errno(path, "", errno);
  struct stat facts{};
  if (fstat(file.get(), &facts) != 0) return fail_errno(path, "", errno);
  if (!S_ISREG(facts.st_mode)) return fail(path, "", "not a regular file");
  if (static_cast<uint64_t>(facts.st_size) > kMaximumFile) return fail(path, "", "too large");
  std::vector<uint8_t> bytes(static_cast<size_t>(facts.st_size));
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = ::read(file.get(), bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno(path, "", errno);
    if (count == 0) break;
    done += static_cast<size_t>(count);
  }
  bytes.resize(done);
  return bytes;
}

Result<ElfFile> ElfFile::open(const std::string& path) {
  TRY_ASSIGN(std::vector<uint8_t> bytes, read_file(path));
  auto file = parse(std::move(bytes));
  if (!file) return fail(path, "", file.error().reason);
  return file;
}

Result<ElfFile> ElfFile::parse(std::vector<uint8_t> bytes) {
  ElfFile file;
  file.bytes_ = std::move(bytes);
  TRY(file.read());
  return file;
}

Result<void> ElfFile::read() {
  const std::optional<Elf64_Ehdr> header = read_at<Elf64_Ehdr>(bytes_, 0);
  if (!header || kind_of(bytes_) != FileKind::Elf) return fail("", "", "not an ELF file");
  header_ = *header;
  if (const char* what = foreign_format(bytes_)) return fail("", "", what);
  if (header_.e_phnum != 0 && header_.e_phentsize != sizeof(Elf64_Phdr)) {
    return fail("", "", "its program headers have an unknown size");
  }
  const auto table = slice(bytes_, header_.e_phoff, uint64_t{header_.e_phnum} * sizeof(Elf64_Phdr));
  if (!table) return fail("", "", "cut off: its program headers lie outside of the file");
  for (uint64_t i = 0; i < header_.e_phnum; ++i)
    segments_.push_back(*read_at<Elf64_Phdr>(*table, i * sizeof(Elf64_Phdr)));

  if (header_.e_entry != 0) start_points_.push_back(header_.e_entry);
  read_sections();
  for (const Elf64_Phdr& segment : segments_) {
    const auto contents = slice(bytes_, segment.p_offset, segment.p_filesz);
    if (!contents) {
      if (segment.p_type == PT_LOAD) return fail("", "", "cut off: a segment lies outside of the file");
      continue;
    }
    if (segment.p_type == PT_INTERP) interpreter_ = text_of(*contents, 0);
    if (segment.p_type == PT_DYNAMIC) read_dynamic(*contents);
    if (segment.p_type == PT_GNU_EH_FRAME) read_frames(segment.p_vaddr, segment.p_filesz);
    if (segment.p_type == PT_GNU_PROPERTY) read_properties(*contents, 8);
    if (segment.p_type == PT_LOAD && (segment.p_flags & PF_X) && header_.e_shnum == 0) {
      if (const auto end = checked_add(segment.p_vaddr, segment.p_filesz)) code_.push_back({segment.p_vaddr, *end});
    }
  }
  merge_overlaps(code_);
  return {};
}

Bytes ElfFile::at(uint64_t address) const {
  for (const Elf64_Phdr& segment : segments_) {
    if (segment.p_type != PT_LOAD || address < segment.p_vaddr || address - segment.p_vaddr >= segment.p_filesz)
      continue;
    const uint64_t skip = address - segment.p_vaddr;
    return slice(bytes_, segment.p_offset + skip, segment.p_filesz - skip).value_or(Bytes{});
  }
  return {};
}

std::string ElfFile::text_at(uint64_t address) const { return text_of(at(address), 0); }

void ElfFile::read_sections() {
  if (header_.e_shentsize != sizeof(Elf64_Shdr)) return;
  const auto table = slice(bytes_, header_.e_shoff, uint64_t{header_.e_shnum} * sizeof(Elf64_Shdr));
  if (!table) return;
  std::vector<Elf64_Shdr> sections;
  for (uint64_t i = 0; i < header_.e_shnum; ++i)
    sections.push_back(*read_at<Elf64_Shdr>(*table, i * sizeof(Elf64_Shdr)));
  Bytes names;
  if (header_.e_shstrndx < sections.size()) {
    const Elf64_Shdr& section = sections[header_.e_shstrndx];
    names = slice(bytes_, section.sh_offset, section.sh_size).value_or(Bytes{});
  }
  for (const Elf64_Shdr& section : sections) {
    if (section.sh_type == SHT_SYMTAB && section.sh_link < sections.size()) {
      read_symbols(section, sections[section.sh_link]);
    }
    const auto end = checked_add(section.sh_addr, section.sh_size);
    if (section.sh_type != SHT_PROGBITS || !(section.sh_flags & SHF_EXECINSTR) || !end) continue;
    if (!text_of(names, section.sh_name).starts_with(".plt")) code_.push_back({section.sh_addr, *end});
  }
}

void ElfFile::read_symbols(const Elf64_Shdr& table, const Elf64_Shdr& names) {
  const auto symbols = slice(bytes_, table.sh_offset, table.sh_size);
  const auto text = slice(bytes_, names.sh_offset, names.sh_size);
  if (!symbols || !text) return;
  const size_t count = std::min(symbols->size() / sizeof(Elf64_Sym), kMaximumRecords);
  for (size_t i = 1; i < count; ++i) {
    const auto symbol = *read_at<Elf64_Sym>(*symbols, i * sizeof(Elf64_Sym));
    const auto type = static_cast<uint8_t>(ELF64_ST_TYPE(symbol.st_info));
    if (symbol.st_shndx == SHN_UNDEF || symbol.st_shndx == SHN_ABS || type > STT_FUNC) continue;
    std::string name = text_of(*text, symbol.st_name);
    if (!name.empty()) symbols_.push_back({std::move(name), symbol.st_value, symbol.st_size, type});
  }
}

void ElfFile::read_dynamic(Bytes table) {
  dynamic_ = true;
  std::map<int64_t, uint64_t> entries;
  std::vector<uint64_t> needed;
  for (uint64_t offset = 0; const auto entry = read_at<Elf64_Dyn>(table, offset); offset += sizeof(Elf64_Dyn)) {
    if (entry->d_tag == DT_NULL) break;
    entries[entry->d_tag] = entry->d_un.d_val;
    if (entry->d_tag == DT_NEEDED && needed.size() < 4096) needed.push_back(entry->d_un.d_val);
  }
  const uint64_t names = entries[DT_STRTAB];
  for (const uint64_t offset : needed) needed_.push_back(text_at(names + offset));
  const int64_t path_tag = entries.contains(DT_RUNPATH) ? DT_RUNPATH : DT_RPATH;
  if (entries.contains(path_tag)) run_paths_ = split(text_at(names + entries[path_tag]), ':');
  read_dynamic_symbols(entries[DT_SYMTAB], names, entries[DT_STRSZ]);
  read_relocations(entries[DT_RELA], entries[DT_RELASZ]);
  read_relocations(entries[DT_JMPREL], entries[DT_PLTRELSZ]);
  read_packed_relocations(entries[DT_RELR], entries[DT_RELRSZ]);
  for (const int64_t tag : {DT_INIT, DT_FINI}) {
    if (entries[tag] != 0) start_points_.push_back(entries[tag]);
  }
  read_array(entries[DT_INIT_ARRAY], entries[DT_INIT_ARRAYSZ]);
  read_array(entries[DT_FINI_ARRAY], entries[DT_FINI_ARRAYSZ]);
  read_array(entries[DT_PREINIT_ARRAY], entries[DT_PREINIT_ARRAYSZ]);
}

// The table does not say how long it is; the names stand behind it in what every linker makes.
void ElfFile::read_dynamic_symbols(uint64_t table, uint64_t names, uint64_t names_size) {
  const Bytes symbols = at(table);
  const Bytes text = at(names).first(std::min<uint64_t>(names_size, at(names).size()));
  size_t count = symbols.size() / sizeof(Elf64_Sym);
  if (names > table) count = std::min<size_t>(count, (names - table) / sizeof(Elf64_Sym));
  count = std::min(count, kMaximumRecords);
  for (size_t i = 0; i < count; ++i) {
    const auto symbol = *read_at<Elf64_Sym>(symbols, i * sizeof(Elf64_Sym));
    const uint64_t value = symbol.st_shndx == SHN_UNDEF ? 0 : symbol.st_value;
    dynamic_symbols_.push_back(
        {text_of(text, symbol.st_name), value, symbol.st_size, static_cast<uint8_t>(ELF64_ST_TYPE(symbol.st_info))});
    if (value != 0 && !dynamic_symbols_.back().name.empty()) symbols_.push_back(dynamic_symbols_.back());
  }
}

void ElfFile::read_relocations(uint64_t address, uint64_t size) {
  const Bytes table = at(address);
  const size_t count =
      std::min<uint64_t>({size / sizeof(Elf64_Rela), table.size() / sizeof(Elf64_Rela), kMaximumRecords});
  for (size_t i = 0; i < count; ++i) {
    const auto relocation = *read_at<Elf64_Rela>(table, i * sizeof(Elf64_Rela));
    const auto index = ELF64_R_SYM(relocation.r_info);
    switch (ELF64_R_TYPE(relocation.r_info)) {
      case R_X86_64_IRELATIVE: ifuncs_ = true; [[fallthrough]];
      case R_X86_64_RELATIVE:
        relocations_.push_back({relocation.r_offset, "", static_cast<uint64_t>(relocation.r_addend)});
        break;
      case R_X86_64_JUMP_SLOT:
      case R_X86_64_GLOB_DAT:
      case R_X86_64_64:
        if (index >= dynamic_symbols_.size()) break;
        relocations_.push_back({relocation.r_offset, dynamic_symbols_[index].name, dynamic_symbols_[index].value});
        break;
      default: break;
    }
  }
}

// DT_RELR: even words are places, odd ones bitmaps of the 63 words behind the last place.
void ElfFile::read_packed_relocations(uint64_t address, uint64_t size) {
  const Bytes table = at(address);
  const size_t count = std::min<uint64_t>({size / 8, table.size() / 8, kMaximumRecords});
  const auto add = [&](uint64_t place) {
    if (const auto value = read_at<uint64_t>(at(place), 0); value && relocations_.size() < kMaximumRecords) {
      relocations_.push_back({place, "", *value});
    }
  };
  uint64_t next = 0;
  for (size_t i = 0; i < count; ++i) {
    const uint64_t word = *read_at<uint64_t>(table, i * 8);
    if (!(word & 1)) {
      add(word);
      next = word + 8;
      continue;
    }
    for (unsigned bit = 1; bit < 64; ++bit) {
      if (word >> bit & 1) add(next + (bit - 1) * 8);
    }
    next += uint64_t{63} * 8;
  }
}

void ElfFile::read_array(uint64_t address, uint64_t size) {
  const Bytes table = at(address);
  const size_t count = std::min<uint64_t>({size / 8, table.size() / 8, kMaximumRecords});
  for (size_t i = 0; i < count; ++i) start_points_.push_back(*read_at<uint64_t>(table, i * 8));
}

void ElfFile::read_frames(uint64_t header_address, uint64_t size) {
  const Bytes header = at(header_address).first(std::min<uint64_t>(size, at(header_address).size()));
  FrameReader in(header, header_address);
  in.take<uint8_t>();
  const auto pointer_encoding = in.take<uint8_t>();
  in.take<uint16_t>();
  const uint64_t frames_address = in.take_pointer(pointer_encoding);
  const Bytes frames = at(frames_address);
  size_t offset = 0;
  while (const auto length = read_at<uint32_t>(frames, offset)) {
    if (*length == 0 || *length == 0xffffffff || frames_.size() >= kMaximumRecords) break;
    const size_t next = offset + 4 + *length;
    const auto back = read_at<uint32_t>(frames, offset + 4);
    if (back && *back != 0 && *back <= offset + 4) {
      const FrameKind kind = kind_of_cie(frames, frames_address, offset + 4 - *back);
      FrameReader entry(frames, frames_address);
      entry.seek(offset + 8);
      const uint64_t start = entry.take_pointer(kind.pointer_encoding);
      const uint64_t extent = entry.take_pointer(kind.pointer_encoding & 0x0f);
      const auto end = checked_add(start, extent);
      if (!entry.failed() && end && extent > 1) frames_.push_back({start + kind.is_signal, *end});
    }
    offset = next;
  }
}

void ElfFile::read_properties(Bytes notes, uint64_t alignment) {
  const auto header = read_at<Elf64_Nhdr>(notes, 0);
  if (!header || header->n_type != NT_GNU_PROPERTY_TYPE_0) return;
  uint64_t offset = align_up(sizeof(Elf64_Nhdr) + header->n_namesz, alignment);
  const uint64_t end = offset + header->n_descsz;
  while (offset + 8 <= end) {
    const auto type = read_at<uint32_t>(notes, offset);
    const auto length = read_at<uint32_t>(notes, offset + 4);
    if (!type || !length) return;
    if (*type == GNU_PROPERTY_X86_ISA_1_NEEDED) needed_isa_ |= read_at<uint32_t>(notes, offset + 8).value_or(0);
    offset = align_up(offset + 8 + *length, alignment);
  }
}

}  // namespace kontain::analyser
