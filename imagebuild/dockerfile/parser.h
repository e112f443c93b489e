// From a Dockerfile's text to its stages (Dockerfile reference; the behaviour is BuildKit's where the reference is
// silent).
#pragma once

#include <string_view>

#include "imagebuild/dockerfile/instruction.h"

namespace kontain::image::dockerfile {

// Fails at the first thing that is wrong or not supported, with its place.
Parsed<Dockerfile> parse(std::string_view source);

// One instruction without FROM, ARG in front of FROM and the like: what an ONBUILD trigger of a base image holds.
Parsed<Instruction> parse_trigger(std::string_view text);

}  // namespace kontain::image::dockerfile
