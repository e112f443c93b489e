// What can be said about a build, and the build.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "imagebuild/cli/dockerfile_build.h"
#include "imagebuild/payload/payload.h"
#include "imagebuild/registry/fetch.h"
#include "imagebuild/store/store.h"

namespace kontain::image::cli {

struct BuildOptions {
  // Of the result.
  std::string tag;
  std::vector<std::string> outputs;
  std::string print = "text";
  std::string sbom_file;
  std::string compression = "gzip";
  int level = 0;
  bool no_cache = false;
  bool dry_run = false;

  DockerfileOptions file;

  // Of the short form.
  std::string payload;
  std::vector<std::string> arguments;
  std::vector<std::string> copies;
  bool closure = false;
  std::string from;    // the base: any image
  std::string runenv;  // the base: a language runtime by its short name, e.g. "python-3.11"
  std::vector<std::string> env, labels, annotations;
  std::string user, working_dir;

  bool is_short_form() const { return !payload.empty() || !from.empty() || !runenv.empty() || !copies.empty(); }
};

void add_build_options(CLI::App& app, BuildOptions& options);

// Builds the image in the store; it has no name yet.
Result<Descriptor> build_image(const Store& store, const BuildOptions& options, const FetchOptions& fetch);
// What would be done, one step a line.
Result<std::vector<std::string>> plan_image(const Store& store, const BuildOptions& options, const FetchOptions& fetch);

}  // namespace kontain::image::cli
