// The verbs of kontain-build: each adds its part of the command line; a table in main.cc names them all.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "imagebuild/cli/invocation.h"

namespace kontain::image::cli {

// The build itself, which has no verb. `arguments`: the whole command line but for the program's name.
void add_build(CLI::App& app, Invocation& invocation, const std::vector<std::string>& arguments);

void add_pull(CLI::App& app, Invocation& invocation);
void add_push(CLI::App& app, Invocation& invocation);
void add_copy(CLI::App& app, Invocation& invocation);
void add_unpack(CLI::App& app, Invocation& invocation);
void add_tag(CLI::App& app, Invocation& invocation);
void add_ls(CLI::App& app, Invocation& invocation);
void add_rm(CLI::App& app, Invocation& invocation);
void add_inspect(CLI::App& app, Invocation& invocation);
void add_gc(CLI::App& app, Invocation& invocation);
void add_diff(CLI::App& app, Invocation& invocation);
void add_convert(CLI::App& app, Invocation& invocation);
void add_runenv(CLI::App& app, Invocation& invocation);
void add_verify(CLI::App& app, Invocation& invocation);

// Puts an image of the store under `name` into one place (Locator::parse_output).
Result<void> put_image(const Invocation& invocation, const Store& store, const Descriptor& image,
                       const std::string& name, const std::string& output);

}  // namespace kontain::image::cli
