// The build from a Dockerfile, and what may be said about it.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "imagebuild/build/options.h"
#include "imagebuild/build/progress.h"
#include "imagebuild/registry/fetch.h"
#include "imagebuild/store/store.h"

namespace kontain::image::cli {

struct DockerfileOptions {
  std::string context;
  std::string dockerfile;
  std::string target;
  std::vector<std::string> build_args;      // NAME=VALUE, or NAME: the environment's
  std::vector<std::string> build_contexts;  // NAME=FOLDER-OR-IMAGE
  std::string network = "off";
  std::string fixed_clock;  // seconds since 1970; "true": the image's time; empty: the machine's clock
  std::optional<uint64_t> random_seed;
  std::string progress = "auto";
};

void add_dockerfile_options(CLI::App& app, DockerfileOptions& options);

// What the build library wants to know; the rest is the caller's. `epoch`: the image's, in seconds. The runtime is the
// krun beside this program.
Result<build::BuildOptions> dockerfile_request(const DockerfileOptions& options, int64_t epoch);

// A person's view: on a terminal, or when asked for.
build::Progress::Mode progress_mode(const std::string& wanted);

// Prints a failure of a build, which has several lines: the first behind the tool's name.
void print_failure(const std::string& text);

// What failed is printed, with its place and the output of the step; the error that is returned then is empty.
Result<Descriptor> build_dockerfile(const Store& store, const build::BuildOptions& request, const std::string& progress,
                                    const FetchOptions& fetch);

}  // namespace kontain::image::cli
