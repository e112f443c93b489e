// The options of instructions (`--from=stage`): one table says which instruction has which, and what is not supported.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "imagebuild/dockerfile/lines.h"
#include "imagebuild/dockerfile/problem.h"

namespace kontain::image::dockerfile {

struct Flag {
  std::string name;   // without dashes
  std::string value;  // "true" for one that was given without
  Place place;
};

// The parts of a logical line.
struct SplitLine {
  std::string name;  // lower case
  std::vector<Flag> flags;
  std::string_view rest;  // of LogicalLine::text, without blanks at its ends
  size_t rest_offset = 0;
};

SplitLine split_line(const LogicalLine& line, char escape);

// Refuses unknown options, options given twice that may be given once, values missing or where none belong, and what
// is not supported yet, by name.
Parsed<bool> check_flags(const SplitLine& line);

// The value of an option that may be given once, or "".
std::string flag_value(const SplitLine& line, std::string_view name);
Parsed<bool> flag_switch(const SplitLine& line, std::string_view name, bool otherwise);

}  // namespace kontain::image::dockerfile
