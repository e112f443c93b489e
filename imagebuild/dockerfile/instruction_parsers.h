// One function for each kind of instruction, in a table by name.
#pragma once

#include <string_view>

#include "imagebuild/dockerfile/flags.h"
#include "imagebuild/dockerfile/instruction.h"
#include "imagebuild/dockerfile/lines.h"

namespace kontain::image::dockerfile {

// What a parser of an instruction gets.
struct Request {
  const LogicalLine& line;
  const SplitLine& split;
  char escape;

  // A problem with the arguments as a whole.
  tl::unexpected<Problem> bad(std::string text) const {
    return problem(line.place_of(split.rest_offset), std::move(text));
  }
};

// The instruction of a logical line. Fails for unknown names, with the nearest known one as a hint.
Parsed<Instruction> parse_instruction(const LogicalLine& line, char escape);

}  // namespace kontain::image::dockerfile
