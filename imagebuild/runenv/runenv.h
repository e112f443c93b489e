// Building runtime environments.
#pragma once

#include <string>
#include <vector>

#include "imagebuild/build/bases.h"
#include "imagebuild/build/builder.h"
#include "imagebuild/runenv/recipe.h"
#include "imagebuild/store/store.h"

namespace kontain::image::runenv {

struct RunenvOptions {
  std::string recipes;  // the folder of recipes
  std::string cache;    // of fetched packages
  build::BuildOptions build;
};

struct BuiltRunenv {
  std::string repository;  // "runenv-python-3.11"
  Digest recipe;           // its tag
  Descriptor image;
};

// Builds the recipe `name` and those it uses, in order; the last is the one asked for. Each gets the tags of its
// recipe's digest, of the SDK's version, and "latest". One that is in the store under its digest and was made by
// this revision of the SDK is not built again, unless `build.use_cache` is false.
build::Built<std::vector<BuiltRunenv>> build_runenv(const Store& store, const RunenvOptions& options,
                                                    std::string_view name, build::Bases& bases,
                                                    build::Progress& progress);

}  // namespace kontain::image::runenv
