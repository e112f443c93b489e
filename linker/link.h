// Linking inside the own process, by LLD.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"

namespace kontain::linker {

// "kontain-ld 0.1.0 (0123456789ab) clang 19.1.7": who made a payload, as its note tells.
std::string toolchain_identity();

// "LLD 19.1.7 (compatible with GNU linkers)": the words by which configure scripts know a GNU-like linker.
std::string lld_version_line();

// Links as `ld` does with `args` (without the program's name); every executable gets the Kontain layout and note.
// LLD's messages go to stderr, prefixed "kontain-ld: ". Returns the exit status: 0, or 1 after messages.
// Fails when the note cannot be handed over or LLD crashed. May be called several times in one process.
Result<int> link(const std::vector<std::string>& args);

}  // namespace kontain::linker
