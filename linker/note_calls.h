// The system calls of a linked program, written into its Kontain note.
#pragma once

#include <string>

#include "base/error.h"

namespace kontain::linker {

// What is said on stderr: nothing, the calls that km refuses, or also the places whose call cannot be told.
enum class Warnings { None, Refused, All };

// Looks at the static executable `path` as `kontain check` does and fills in abi::NoteCalls of its note, unless the
// number of some call cannot be found. Does nothing for a dynamic executable, or one without such a note.
// Fails when the file cannot be read or written.
Result<void> write_note_calls(const std::string& path, Warnings warnings);

}  // namespace kontain::linker
