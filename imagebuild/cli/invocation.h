// What the command line asked for: filled by the parser, run behind it.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "base/error.h"
#include "imagebuild/registry/fetch.h"
#include "imagebuild/store/store.h"

namespace kontain::image::cli {

inline constexpr int kFailed = 1;     // what was asked for did not work
inline constexpr int kUsage = 2;      // the command line is wrong
inline constexpr int kDifferent = 3;  // diff and verify: there are differences

struct Invocation {
  std::string store_directory;  // "" is the default
  RegistryOptions registry;
  bool quiet = false;
  std::function<Result<int>()> run;

  Result<Store> open_store() const;
  FetchOptions fetch_options() const;
  // Tells a user at a terminal which blob is on its way; nothing when stderr is none.
  CopyProgress progress() const;
};

// Options that every verb has.
void add_common_options(CLI::App& app, Invocation& invocation);

// Standard output, whole or not at all: a full disk or a closed pipe is a failure.
Result<void> print(const std::string& text);

// "1.2 MB"
std::string human_size(uint64_t bytes);

}  // namespace kontain::image::cli
