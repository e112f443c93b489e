// Which stages of a Dockerfile have to be built for a target, and what each of them is built on.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "imagebuild/build/options.h"
#include "imagebuild/build/variables.h"
#include "imagebuild/dockerfile/instruction.h"

namespace kontain::image::build {

// Where files or a base come from.
struct Origin {
  enum class Kind { Scratch, Stage, Context, Image } kind = Kind::Scratch;
  size_t stage = 0;  // of a Stage: its index
  std::string name;  // of a Context its name, of an Image its reference
};

struct PlannedStage {
  size_t index = 0;  // in Dockerfile::stages
  std::string name;  // for messages: its own name or its number
  Origin base;
  std::set<size_t> needs;  // indices of stages that it is built on or copies from
};

struct Plan {
  Values global_arguments;
  std::vector<PlannedStage> stages;  // those that are needed, in the file's order; the last is the target
};

// Fails for an unknown target, for stages that refer to themselves or later ones, and for other platforms.
dockerfile::Parsed<Plan> make_plan(const dockerfile::Dockerfile& file, const BuildOptions& options);

// What `name` (expanded) in stage `index` refers to: an earlier stage by name or number, a named context, or an image.
dockerfile::Parsed<Origin> origin_of(const dockerfile::Dockerfile& file, const BuildOptions& options, size_t index,
                                     const std::string& name, dockerfile::Place place);

}  // namespace kontain::image::build
