// COPY and ADD.
#pragma once

#include "imagebuild/dockerfile/instruction_parsers.h"

namespace kontain::image::dockerfile {

Parsed<Body> parse_copy(const Request& request);

}  // namespace kontain::image::dockerfile
