// The relocatable object that carries the Kontain note into a link.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kontain::linker {

// The section the note stands in, in the object and in the linked file.
inline constexpr char kNoteSection[] = ".note.kontain";

// An absolute symbol whose value is added to the note's flags: the SDK's libc defines it and so says what it can do.
inline constexpr char kFlagsSymbol[] = "__kontain_note_flags";

struct NoteDescription {
  uint32_t minimum_km_version = 0;  // abi::pack_version
  uint32_t flags = 0;               // abi::kNote* bits
  std::string toolchain;            // UTF-8, who made the file
};

// The descriptor of the note: abi::NoteHeader, an empty abi::NoteCalls, the toolchain identity.
std::vector<uint8_t> encode_note_descriptor(const NoteDescription& note);

// A complete ELF64 x86-64 ET_REL file (gABI, chapter 4) whose only allocated section is the note. Its one symbol is
// a weak reference to kFlagsSymbol. A linker keeps SHT_NOTE sections under --gc-sections and gives them a PT_NOTE
// segment.
std::vector<uint8_t> make_note_object(const NoteDescription& note);

}  // namespace kontain::linker
