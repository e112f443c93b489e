// @file arguments, as GNU tools read them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace kontain::linker {

// Cuts the text of a response file into arguments: separated by white space, quoted by '...' or "...", a backslash
// takes the next character as it is (binutils' expandargv, gcc(1) "@file"). An unfinished quotation ends with the text.
std::vector<std::string> split_response_text(std::string_view text);

// `args` with each "@file" replaced by the arguments in that file, which may name further files. A file that does not
// exist leaves its argument as it is, as gcc and ld have it. Fails when files name each other without end.
Result<std::vector<std::string>> expand_response_files(const std::vector<std::string>& args);

}  // namespace kontain::linker
