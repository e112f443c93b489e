// The ELF note that makes an executable a Kontain payload (docs: the payload format).
#pragma once

#include <cstdint>

namespace kontain::abi {

// PT_NOTE, owner "Kontain" (8 bytes with its NUL), this type. All fields little-endian, no absolute addresses.
inline constexpr char kNoteOwner[] = "Kontain";
inline constexpr uint32_t kNoteType = 0x4b4d0001;
// Version of the description below; a payload with a higher one needs a newer km.
inline constexpr uint16_t kAbiVersion = 1;

// Bits of NoteHeader::flags.
inline constexpr uint32_t kNoteSnapshotSafe = 1u << 0;  // the libc re-reads cached ids after a restore
inline constexpr uint32_t kNoteDirectCalls = 1u << 1;   // the libc can call the monitor's entry (base/abi/auxv.h)
inline constexpr uint32_t kNoteCalls = 1u << 2;         // NoteCalls holds every system call that the file can make

// The note's descriptor: this header, further fields up to `header_size`, then `toolchain_size` bytes of toolchain
// identity (UTF-8, not terminated, padded to 4 bytes). Later versions append fields; readers ignore what they do not
// know.
struct NoteHeader {
  uint16_t abi_version;         // kAbiVersion of the linker
  uint16_t header_size;         // sizeof(NoteHeader) of the linker
  uint32_t minimum_km_version;  // major << 16 | minor << 8 | patch
  uint32_t flags;               // kNote* bits
  uint32_t toolchain_size;      // bytes of identity that follow
};
static_assert(sizeof(NoteHeader) == 16);

// The first further field, there if `header_size` has room for it and meant if kNoteCalls is set: bit n % 64 of word
// n / 64 is the system call n. Found by disassembly; a call whose number is computed is in nobody's set, and then
// kNoteCalls is not set.
struct NoteCalls {
  uint64_t words[8];
};
static_assert(sizeof(NoteCalls) == 64);

constexpr uint32_t pack_version(uint32_t major, uint32_t minor, uint32_t patch) {
  return major << 16 | minor << 8 | patch;
}

}  // namespace kontain::abi
