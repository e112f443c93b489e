// The system calls of a linked program, written into its Kontain note.
#pragma once

#include <string>

#include "base/error.h"

namespace kontain::linker {

enum class Warnings { Off, On };

// Looks at the static executable `path` as `kontain check` does and fills in abi::NoteCalls of its note, unless the
// number of some call cannot be found. Does nothing for a dynamic executable, or one without such a note. With
// Warnings::On says which calls km refuses. Fails when the file cannot be read or written.
Result<void> write_note_calls(const std::string& path, Warnings warnings);

}  // namespace kontain::linker
