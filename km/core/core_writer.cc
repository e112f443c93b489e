#include "km/core/core_writer.h"

#include <elf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>

#include "base/checked.h"
#include "km/core/core_notes.h"

namespace kontain::core {
namespace {

constexpr uint64_t kChunk = 256 * 1024;  // bytes of memory copied at a time

// The file, written front to back. Counts what was written, not the holes, against the limit, as dump_emit and
// dump_skip of fs/coredump.c do.
class Output {
 public:
  Output(const UniqueFd& file, uint64_t limit) : file_(file), room_(limit) {}

  // Nothing more will be written: the limit is reached, or the host refused.
  bool stopped() const { return truncated_ || error_ != 0; }
  bool truncated() const { return truncated_; }
  int error() const { return error_; }
  uint64_t position() const { return position_; }

  void skip(uint64_t size) { position_ += size; }
  void emit(std::span<const std::byte> bytes) {
    if (stopped()) return;
    if (bytes.size() > room_) {
      truncated_ = true;
      return;
    }
    room_ -= bytes.size();
    while (!bytes.empty() && !stopped()) bytes = bytes.subspan(write_some(bytes));
  }
  // The end of the file may be a hole.
  void finish() {
    if (!stopped() && ftruncate(file_.get(), static_cast<off_t>(position_)) != 0) refused(errno);
  }

 private:
  size_t write_some(std::span<const std::byte> bytes) {
    const ssize_t written = pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(position_));
    if (written < 0) {
      if (errno != EINTR) refused(errno);
      return 0;
    }
    position_ += static_cast<uint64_t>(written);
    return static_cast<size_t>(written);
  }
  // An offset beyond what the file system or RLIMIT_FSIZE allows (EFBIG), or beyond off_t (EINVAL).
  void refused(int error) {
    truncated_ = error == EFBIG || error == EINVAL;
    error_ = truncated_ ? 0 : error;
  }

  const UniqueFd& file_;
  uint64_t room_;
  uint64_t position_ = 0;
  bool truncated_ = false;
  int error_ = 0;
};

bool all_zero(std::span<const std::byte> bytes) {
  return bytes.front() == std::byte{0} && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

// Writes the pages of `bytes` that are not zero.
void emit_pages(Output& out, std::span<const std::byte> bytes) {
  for (; !bytes.empty(); bytes = bytes.subspan(kPageSize)) {
    const auto page = bytes.first(kPageSize);
    all_zero(page) ? out.skip(kPageSize) : out.emit(page);
  }
}

class MemoryDump {
 public:
  MemoryDump(Output& out, CoreMemory& memory) : out_(out), memory_(memory), buffer_(kChunk) {}

  void dump(uint64_t start, uint64_t end) {
    while (start < end && !out_.stopped()) {
      const uint64_t populated = std::clamp(page_down(memory_.next_populated(start, end)), start, end);
      out_.skip(populated - start);
      const uint64_t size = std::min(kChunk, end - populated);
      if (size != 0) dump_chunk(populated, size);
      start = populated + size;
    }
  }

 private:
  void dump_chunk(uint64_t address, uint64_t size) {
    const auto bytes = std::span(buffer_).first(size);
    if (memory_.read(address, bytes.data(), size)) return emit_pages(out_, bytes);
    for (uint64_t offset = 0; offset < size; offset += kPageSize) dump_page(address + offset);
  }
  void dump_page(uint64_t address) {
    const auto page = std::span(buffer_).first(kPageSize);
    memory_.read(address, page.data(), kPageSize) ? emit_pages(out_, page) : out_.skip(kPageSize);
  }

  Output& out_;
  CoreMemory& memory_;
  std::vector<std::byte> buffer_;
};

bool starts_with_elf_header(const CoreMapping& mapping, CoreMemory& memory) {
  std::array<char, SELFMAG> magic{};
  return memory.read(mapping.start, magic.data(), magic.size()) && std::memcmp(magic.data(), ELFMAG, SELFMAG) == 0;
}

uint32_t segment_flags(int protection) {
  return (protection & PROT_READ ? PF_R : 0u) | (protection & PROT_WRITE ? PF_W : 0u) |
         (protection & PROT_EXEC ? PF_X : 0u);
}

struct Layout {
  std::vector<Elf64_Phdr> segments;  // the notes, then one for each mapping
  uint64_t end = 0;                  // where the extra section header goes, if there is one
};

Elf64_Phdr note_segment(uint64_t offset, uint64_t size) {
  return {.p_type = PT_NOTE,
          .p_flags = 0,
          .p_offset = offset,
          .p_vaddr = 0,
          .p_paddr = 0,
          .p_filesz = size,
          .p_memsz = 0,
          .p_align = 4};
}

Elf64_Phdr memory_segment(const CoreMapping& mapping, uint64_t offset, uint64_t size) {
  return {.p_type = PT_LOAD,
          .p_flags = segment_flags(mapping.protection),
          .p_offset = offset,
          .p_vaddr = mapping.start,
          .p_paddr = 0,
          .p_filesz = size,
          .p_memsz = mapping.end - mapping.start,
          .p_align = kPageSize};
}

Layout lay_out(const CoreInput& input, uint64_t notes_size, CoreMemory& memory) {
  const uint64_t notes_at = sizeof(Elf64_Ehdr) + (input.mappings.size() + 1) * sizeof(Elf64_Phdr);
  Layout layout{.segments = {note_segment(notes_at, notes_size)}, .end = page_up(notes_at + notes_size)};
  for (const CoreMapping& mapping : input.mappings) {
    const uint64_t size = dump_size(mapping, input.filter, memory);
    layout.segments.push_back(memory_segment(mapping, layout.end, size));
    layout.end += size;
  }
  return layout;
}

// The number of segments does not always fit the header's 16 bits: the section header's sh_info then has it.
bool needs_section(const Layout& layout) { return layout.segments.size() >= PN_XNUM; }

Elf64_Ehdr file_header(const Layout& layout) {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_CORE;
  header.e_machine = EM_X86_64;
  header.e_version = EV_CURRENT;
  header.e_phoff = sizeof header;
  header.e_ehsize = sizeof header;
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = static_cast<uint16_t>(std::min<size_t>(layout.segments.size(), PN_XNUM));
  if (needs_section(layout)) {
    header.e_shoff = layout.end;
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shnum = 1;
  }
  return header;
}

Elf64_Shdr count_section(const Layout& layout) {
  Elf64_Shdr section{};
  section.sh_size = 1;  // fs/binfmt_elf.c: fill_extnum_info
  section.sh_info = static_cast<uint32_t>(layout.segments.size());
  return section;
}

template <class T>
void emit_object(Output& out, const T& object) {
  out.emit(std::as_bytes(std::span(&object, 1)));
}

void write_all(const Layout& layout, std::span<const std::byte> notes, CoreMemory& memory, Output& out) {
  emit_object(out, file_header(layout));
  for (const Elf64_Phdr& segment : layout.segments) emit_object(out, segment);
  out.emit(notes);
  out.skip(page_up(out.position()) - out.position());
  MemoryDump dump(out, memory);
  for (const Elf64_Phdr& segment : std::span(layout.segments).subspan(1)) {
    dump.dump(segment.p_vaddr, segment.p_vaddr + segment.p_filesz);
  }
  if (needs_section(layout)) emit_object(out, count_section(layout));
  out.finish();
}

}  // namespace

// fs/coredump.c: vma_dump_size.
uint64_t dump_size(const CoreMapping& mapping, uint32_t filter, CoreMemory& memory) {
  const uint64_t whole = mapping.end - mapping.start;
  const auto when = [&](uint32_t bit) { return filter & bit ? whole : 0; };
  if (mapping.backing == Backing::Vdso) return whole;
  if (mapping.dont_dump || mapping.backing == Backing::Device) return 0;
  if (mapping.shared) return when(mapping.backing == Backing::File ? kFileShared : kAnonymousShared);
  if (mapping.written && (filter & kAnonymousPrivate)) return whole;
  if (mapping.backing == Backing::Anonymous) return 0;
  if (filter & kFilePrivate) return whole;
  const bool header = (filter & kElfHeaders) && mapping.file_offset == 0 && (mapping.protection & PROT_READ);
  return header && starts_with_elf_header(mapping, memory) ? kPageSize : 0;
}

Result<CoreWritten> write_core(const CoreInput& input, CoreMemory& memory, const UniqueFd& file) {
  const std::vector<std::byte> notes = core_notes(input);
  const Layout layout = lay_out(input, notes.size(), memory);
  Output out(file, input.limit);
  write_all(layout, notes, memory, out);
  if (out.error() != 0) return fail_errno("core dump", "", out.error());
  return CoreWritten{.size = out.position(), .truncated = out.truncated()};
}

}  // namespace kontain::core
