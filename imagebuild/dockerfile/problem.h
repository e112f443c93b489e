// What is wrong with a Dockerfile, and where.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "base/error.h"

namespace kontain::image::dockerfile {

// A place in a file: the first line and the first byte of a line are 1. Column 0 is the line as a whole.
struct Place {
  size_t line = 0;
  size_t column = 0;
  bool operator==(const Place&) const = default;
};

// Something that ends a build or is worth a warning. `text` is one line without the file's name.
struct Problem {
  Place place;
  std::string text;
};

template <class T>
using Parsed = tl::expected<T, Problem>;

tl::unexpected<Problem> problem(Place place, std::string text);

// The problem as compilers print it, without a newline at the end: `FILE:LINE:COLUMN: TEXT`, the line itself and a
// caret below the column. Control characters of `file_name`, text and line are escaped; a long line is cut around the
// caret. `source` is the whole file.
std::string render(const Problem& what, std::string_view file_name, std::string_view source);

}  // namespace kontain::image::dockerfile
