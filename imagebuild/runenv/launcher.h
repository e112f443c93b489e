// The launchers of language runtimes: the language's own program with the note that makes it a Kontain payload.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/error.h"

namespace kontain::image::runenv {

// The ELF file `program` (hostile) with the Kontain note (base/abi/note.h) behind its end. The program header for it is
// that of .note.gnu.property as a PT_NOTE, which PT_GNU_PROPERTY says once more: whatever is loaded, run and debugged
// stays as it was. Fails when the file is no 64-bit program for x86-64, has no such header, or has the note already.
// `name` is for errors.
Result<std::string> with_note(std::string program, std::string_view name);

// Makes launchers/NAME below `folder`, a program each, of the programs below debian/ in it.
Result<void> make_launchers(const std::map<std::string, std::string>& launchers, const std::string& folder);

}  // namespace kontain::image::runenv
