// Here-documents of a Dockerfile: `<<NAME`, `<<-NAME`, `<<"NAME"`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kontain::image::dockerfile {

struct Heredoc {
  std::string name;    // the word that ends it
  bool expand = true;  // no part of the name was quoted: variables are replaced in what COPY and ADD write
  bool chomp = false;  // `<<-`: tabs at the start of each line are removed
  std::string data;    // with a newline at the end of each line; tabs are still there

  // `data`, without the leading tabs when they are to go.
  std::string content() const;
};

// `word`, as it stands in the file, as the start of a here-document, when it is one: [digits]<<[-]NAME.
std::optional<Heredoc> heredoc_start(std::string_view word, char escape);

// The here-documents that a logical line starts, in order; none when the line's quotes do not match.
std::vector<Heredoc> heredocs_of(std::string_view line, char escape);

}  // namespace kontain::image::dockerfile
