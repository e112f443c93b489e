#pragma once
#include <istream>
#include <string>
#include <vector>

namespace text {

// The words of a stream, in lower case.
std::vector<std::string> words(std::istream& in);

}  // namespace text
