// Reading the Kontain note out of bytes that nobody vouches for.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/abi/note.h"
#include "base/error.h"

namespace kontain::abi {

struct KontainNote {
  uint16_t abi_version = 0;
  uint32_t minimum_km_version = 0;  // pack_version
  uint32_t flags = 0;               // kNote* bits, and bits of later versions
  std::optional<NoteCalls> calls;   // the system calls that the file can make, if the linker found them all
  std::string toolchain;            // as it stands in the file: may hold any bytes
};

// The first Kontain note among the notes in `segment`, the contents of a PT_NOTE segment whose p_align is `alignment`
// (8 means notes padded to 8 bytes, anything else to 4, as Linux has it). Nothing when there is none, also when the
// notes end in the middle of another owner's; fails when the Kontain note itself is cut or contradicts itself.
Result<std::optional<KontainNote>> find_kontain_note(std::span<const uint8_t> segment, uint64_t alignment);

// The same for a whole ELF64 little-endian file: looks into every PT_NOTE segment. Fails when `file` is not such a file
// or when its program headers or note segments lie outside of it.
Result<std::optional<KontainNote>> read_kontain_note(std::span<const uint8_t> file);

}  // namespace kontain::abi
