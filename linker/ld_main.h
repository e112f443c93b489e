// kontain-ld: ld(1) for Kontain payloads.
#pragma once

#include <string>
#include <vector>

namespace kontain::linker {

// Does what `args` (without the program's name) ask. Messages go to stderr. Returns the exit status, 0 or 1.
int ld_main(const std::vector<std::string>& args);

}  // namespace kontain::linker
