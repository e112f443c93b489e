// Instructions that only change an image's configuration.
#pragma once

#include <string>
#include <vector>

#include "imagebuild/dockerfile/instruction.h"
#include "imagebuild/dockerfile/shell_words.h"
#include "imagebuild/oci/model.h"

namespace kontain::image::build {

// The configuration of a stage and what is only of importance while it is built.
struct StageConfig {
  ImageConfig image;
  bool has_own_command = false;  // CMD was given in this stage
};

// What an instruction's words are expanded with.
struct Expander {
  const dockerfile::ShellWords& words;
  dockerfile::Variables variables;
  dockerfile::Place place;  // for problems

  dockerfile::Parsed<std::string> operator()(const std::string& text) const;
  // Every text, cut at blanks that a variable brought.
  dockerfile::Parsed<std::vector<std::string>> all(const std::vector<std::string>& texts) const;
};

// The start of an image without a base.
StageConfig scratch_config();
// The configuration as a stage begins with it: ONBUILD triggers are taken out, into `triggers`.
StageConfig base_config(ImageConfig image, std::vector<std::string>& triggers);

// Whether `configure` is all that the instruction needs.
bool is_configuration(const dockerfile::Body& body);
// Executes such an instruction.
dockerfile::Parsed<bool> configure(StageConfig& config, const dockerfile::Body& body, const Expander& expand);

// The words of the exec form, or the shell's with the text behind them.
std::vector<std::string> command_words(const ImageConfig& image, const dockerfile::CommandLine& command);
// A WORKDIR below the one before, clean and absolute.
std::string absolute_path(const std::string& working_dir, const std::string& path);

// "2026-01-31T00:00:00Z"
std::string rfc3339(int64_t seconds);

}  // namespace kontain::image::build
