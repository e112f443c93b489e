// A Dockerfile's text as instructions, one logical line each: parser directives read, comments removed, continuations
// joined, here-documents taken from below.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "imagebuild/dockerfile/heredoc.h"
#include "imagebuild/dockerfile/problem.h"

namespace kontain::image::dockerfile {

inline constexpr size_t kMaxFileSize = 8 << 20;  // bytes of a Dockerfile

// Where a part of a logical line comes from.
struct Piece {
  size_t offset = 0;  // in LogicalLine::text
  Place place;        // of that byte in the file
};

struct LogicalLine {
  std::string text;  // never empty, starts with no blank
  std::vector<Piece> pieces;
  std::vector<Heredoc> heredocs;
  size_t last_line = 0;

  // The place in the file of the byte at `offset`, which may be text.size().
  Place place_of(size_t offset) const;
};

struct Lines {
  char escape = '\\';  // the directive's, which also ends a line to be continued
  std::string syntax;  // the directive's value, which nothing is done with
  std::vector<LogicalLine> lines;
  std::vector<Problem> warnings;
};

// Fails for a bad or repeated directive, for a here-document without an end and for a file beyond kMaxFileSize.
Parsed<Lines> read_lines(std::string_view source);

}  // namespace kontain::image::dockerfile
