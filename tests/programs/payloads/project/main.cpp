// words [FILE|-]...: counts the words of files and of standard input.
#include <fstream>
#include <iostream>
#include <stdexcept>

#include "count.hpp"
#include "text.hpp"

namespace {

std::vector<std::string> read(const std::string& name) {
  if (name == "-") return text::words(std::cin);
  std::ifstream file(name);
  if (!file) throw std::runtime_error("cannot open " + name);
  return text::words(file);
}

}  // namespace

int main(int argc, char** argv) try {
  std::vector<std::string> all;
  for (int i = 1; i < argc; ++i) {
    const auto some = read(argv[i]);
    all.insert(all.end(), some.begin(), some.end());
  }
  const auto counts = count(all, 4);
  std::cout << counts.size() << " distinct words\n";
  for (const auto& [word, times] : counts) {
    if (times > 3) std::cout << word << " " << times << "\n";
  }
  return 0;
} catch (const std::exception& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
