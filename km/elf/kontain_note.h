// Reads the Kontain note (base/abi/note.h) out of the bytes of a PT_NOTE segment.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "km/elf/reject.h"

namespace kontain::elf {

struct KontainNote {
  uint16_t abi_version = 0;
  uint32_t minimum_km_version = 0;  // abi::pack_version
  uint32_t flags = 0;               // abi::kNote* bits; unknown ones are kept
  std::string toolchain;            // identity, raw bytes of the file: escape before printing
};

// The longest PT_NOTE segment that is searched; longer ones are another vendor's and cannot hold ours.
inline constexpr uint64_t kMaximumNoteSegment = 64 * 1024;

// Searches one PT_NOTE segment. Nothing when it holds no Kontain note (damaged foreign notes end the search silently:
// they must not stop a program that runs natively), BadNote when ours is there and damaged.
// `alignment` is the segment's p_align: 8 pads names and descriptors to 8 bytes, anything else to 4.
Parsed<std::optional<KontainNote>> find_kontain_note(std::span<const std::byte> segment, uint64_t alignment);

// TooNew when the note needs a later ABI or a later km than `km_version` (abi::pack_version).
Parsed<void> check_note(const KontainNote& note, uint32_t km_version);

}  // namespace kontain::elf
