#include "text.hpp"

#include <algorithm>
#include <cctype>
#include <iterator>

namespace text {

std::vector<std::string> words(std::istream& in) {
  std::vector<std::string> result{std::istream_iterator<std::string>(in), {}};
  for (std::string& word : result) {
    std::ranges::transform(word, word.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  }
  return result;
}

}  // namespace text
