#include "imagebuild/dockerfile/heredoc.h"

#include <algorithm>

#include "imagebuild/dockerfile/shell_words.h"

namespace kontain::image::dockerfile {

std::string Heredoc::content() const {
  if (!chomp) return data;
  std::string out;
  bool at_start = true;
  for (char c : data) {
    if (at_start && c == '\t') continue;
    out += c;
    at_start = c == '\n';
  }
  return out;
}

std::optional<Heredoc> heredoc_start(std::string_view word, char escape) {
  const size_t start = word.find_first_not_of("0123456789");
  if (start == std::string_view::npos || word.substr(start, 2) != "<<") return std::nullopt;
  word.remove_prefix(start + 2);
  Heredoc found;
  if (word.starts_with('-')) {
    found.chomp = true;
    word.remove_prefix(1);
  }
  if (word.empty() || word.find('<') != std::string_view::npos) return std::nullopt;
  found.expand = word.find_first_of("'\"") == std::string_view::npos && word.find(escape) == std::string_view::npos;
  const auto names = ShellWords(escape).unquoted_words(word);
  if (!names || names->size() != 1 || names->front().empty()) return std::nullopt;
  found.name = names->front();
  return found;
}

std::vector<Heredoc> heredocs_of(std::string_view line, char escape) {
  std::vector<Heredoc> found;
  if (line.find("<<") == std::string_view::npos) return found;
  const auto words = ShellWords(escape).raw_words(line);
  if (!words) return found;
  for (const std::string& word : *words) {
    if (auto start = heredoc_start(word, escape)) found.push_back(std::move(*start));
  }
  return found;
}

}  // namespace kontain::image::dockerfile
