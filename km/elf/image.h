// What an ELF file says about how it wants to be loaded, after every check: no later stage sees a raw header.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "km/elf/kontain_note.h"

namespace kontain::elf {

// The highest address Linux would give to a 64-bit program (arch/x86: TASK_SIZE_MAX). Addresses in the file are below.
inline constexpr uint64_t kTaskSize = 0x7fff'ffff'f000;

// Bits of Segment::flags, as in the file.
inline constexpr uint32_t kExecute = 1;  // PF_X
inline constexpr uint32_t kWrite = 2;    // PF_W
inline constexpr uint32_t kRead = 4;     // PF_R

// One PT_LOAD with a non-empty memory image. Holds: file_size <= memory_size, address + memory_size <= kTaskSize,
// offset + file_size <= the file's size, and offset and address agree modulo the page size if file_size > 0.
struct Segment {
  uint64_t address = 0;      // as linked; the load bias is added for Image::Kind::Movable
  uint64_t memory_size = 0;  // bytes
  uint64_t offset = 0;       // in the file
  uint64_t file_size = 0;    // bytes
  uint32_t flags = 0;        // kRead | kWrite | kExecute

  uint64_t end() const { return address + memory_size; }
};

// PT_TLS: only described. The program's own start code makes the thread's copy.
struct TlsTemplate {
  uint64_t address = 0;
  uint64_t file_size = 0;
  uint64_t memory_size = 0;
  uint64_t alignment = 0;
};

enum class StackKind : uint8_t { NoExecute, Execute };

struct Image {
  enum class Kind : uint8_t {
    Fixed,    // ET_EXEC: loaded where it was linked
    Movable,  // ET_DYN: loaded anywhere (PIE, static-PIE, an interpreter)
  };

  Kind kind = Kind::Fixed;
  uint64_t entry = 0;
  // Ascending, never overlapping in bytes, at least one. Neighbours may share a page; the later one then owns it.
  std::vector<Segment> segments;
  // The largest p_align that is a power of two, at least a page. A load bias is a multiple of it.
  uint64_t alignment = 4096;
  // Where the program header table lies in memory (not biased); nothing when no segment carries it.
  std::optional<uint64_t> program_headers;
  uint16_t program_header_count = 0;
  std::optional<std::string> interpreter;  // PT_INTERP's path, not empty
  std::optional<TlsTemplate> tls;
  StackKind stack = StackKind::NoExecute;
  bool has_gnu_property = false;  // PT_GNU_PROPERTY is present; its contents change nothing here (no CET, no BTI)
  std::optional<KontainNote> note;

  // The first page's address and the end of the last page, both as linked.
  uint64_t low() const;
  uint64_t high() const;
};

}  // namespace kontain::elf
