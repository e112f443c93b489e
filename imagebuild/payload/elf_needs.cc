#include "imagebuild/payload/elf_needs.h"

#include <elf.h>

#include <cstring>

#include "base/checked.h"
#include "base/text.h"

namespace kontain::image {
namespace {

constexpr size_t kMostHeaders = 1024;
constexpr size_t kMostDynamic = 65536;
constexpr size_t kLongestString = 4096;

class ElfReader {
 public:
  explicit ElfReader(std::string_view file) : file_(file) {}

  std::optional<ElfNeeds> run() {
    if (!read_header() || !read_program_headers()) return std::nullopt;
    ElfNeeds needs;
    for (const Elf64_Phdr& segment : segments_) {
      if (segment.p_type == PT_INTERP) {
        const auto path = string_at(segment.p_offset);
        if (!path || path->size() >= segment.p_filesz) return std::nullopt;
        needs.interpreter = *path;
      }
      if (segment.p_type == PT_DYNAMIC && !read_dynamic(segment, needs)) return std::nullopt;
    }
    return needs;
  }

 private:
  template <class T>
  std::optional<T> at(uint64_t offset) const {
    const auto end = checked_add(offset, sizeof(T));
    if (!end || *end > file_.size()) return std::nullopt;
    T value;
    memcpy(&value, file_.data() + offset, sizeof value);
    return value;
  }

  std::optional<std::string> string_at(uint64_t offset) const {
    if (offset >= file_.size()) return std::nullopt;
    const std::string_view rest = file_.substr(offset, kLongestString);
    const size_t end = rest.find('\0');
    if (end == std::string_view::npos) return std::nullopt;
    return std::string(rest.substr(0, end));
  }

  bool read_header() {
    const auto header = at<Elf64_Ehdr>(0);
    if (!header || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) return false;
    header_ = *header;
    return header_.e_ident[EI_CLASS] == ELFCLASS64 && header_.e_ident[EI_DATA] == ELFDATA2LSB &&
           header_.e_machine == EM_X86_64 && (header_.e_type == ET_EXEC || header_.e_type == ET_DYN) &&
           header_.e_phentsize == sizeof(Elf64_Phdr) && header_.e_phnum <= kMostHeaders;
  }

  bool read_program_headers() {
    for (size_t i = 0; i < header_.e_phnum; ++i) {
      const auto offset = checked_add(header_.e_phoff, i * sizeof(Elf64_Phdr));
      const auto segment = offset ? at<Elf64_Phdr>(*offset) : std::nullopt;
      if (!segment) return false;
      segments_.push_back(*segment);
    }
    return true;
  }

  // Where in the file the byte lies that is loaded at `address`.
  std::optional<uint64_t> file_offset(uint64_t address) const {
    for (const Elf64_Phdr& segment : segments_) {
      if (segment.p_type == PT_LOAD && address >= segment.p_vaddr && address - segment.p_vaddr < segment.p_filesz) {
        return checked_add(segment.p_offset, address - segment.p_vaddr);
      }
    }
    return std::nullopt;
  }

  bool read_dynamic(const Elf64_Phdr& segment, ElfNeeds& needs) {
    std::vector<Elf64_Dyn> entries;
    std::optional<uint64_t> strings;
    for (uint64_t i = 0; i < segment.p_filesz / sizeof(Elf64_Dyn) && i < kMostDynamic; ++i) {
      const auto offset = checked_add(segment.p_offset, i * sizeof(Elf64_Dyn));
      const auto entry = offset ? at<Elf64_Dyn>(*offset) : std::nullopt;
      if (!entry) return false;
      if (entry->d_tag == DT_NULL) break;
      if (entry->d_tag == DT_STRTAB) strings = file_offset(entry->d_un.d_ptr);
      entries.push_back(*entry);
    }
    for (const Elf64_Dyn& entry : entries) {
      if (entry.d_tag != DT_NEEDED && entry.d_tag != DT_RPATH && entry.d_tag != DT_RUNPATH) continue;
      const auto offset = strings ? checked_add(*strings, entry.d_un.d_val) : std::nullopt;
      const auto text = offset ? string_at(*offset) : std::nullopt;
      if (!text) return false;
      if (entry.d_tag == DT_NEEDED) needs.libraries.push_back(*text);
      if (entry.d_tag == DT_RPATH) needs.rpath = split(*text, ':');
      if (entry.d_tag == DT_RUNPATH) needs.runpath = split(*text, ':');
    }
    return true;
  }

  std::string_view file_;
  Elf64_Ehdr header_{};
  std::vector<Elf64_Phdr> segments_;
};

}  // namespace

std::optional<ElfNeeds> elf_needs(std::string_view file) { return ElfReader(file).run(); }

}  // namespace kontain::image
