// Reads an ELF file's headers. Input is hostile: whatever the bytes are, the answer is an Image whose promises hold
// (km/elf/image.h) or a Reject. Touches nothing but the ByteSource, needs memory in proportion to the program header
// table (at most 64 KiB) and the notes.
//
// The rules are those of Linux's fs/binfmt_elf.c, made stricter where Linux ignores a field or runs such a file into a
// signal or into another segment: the class and byte order in e_ident count, and so do a PT_LOAD or a path that reaches
// beyond the end of the file, PT_LOADs that are not ascending, PT_LOADs that overlap in bytes, and a file of which
// nothing is loaded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "km/elf/image.h"
#include "km/elf/reject.h"
#include "km/elf/source.h"

namespace kontain::elf {

// The whole program header table may take so much (fs/binfmt_elf.c: load_elf_phdrs).
inline constexpr uint64_t kMaximumHeaderTable = 65536;
// The longest PT_INTERP, with its NUL.
inline constexpr uint64_t kPathMax = 4096;

// For a main program. A script is NotElf here: ask parse_shebang first.
Parsed<Image> parse(const ByteSource& file);

// True when the first bytes are ELF's magic number.
bool has_elf_magic(std::span<const std::byte> head);

}  // namespace kontain::elf
