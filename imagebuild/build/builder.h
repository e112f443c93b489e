// A build from a Dockerfile: the stages that the target needs, side by side where they do not need each other.
#pragma once

#include <string>

#include "imagebuild/build/bases.h"
#include "imagebuild/build/options.h"
#include "imagebuild/build/progress.h"
#include "imagebuild/oci/model.h"
#include "imagebuild/store/store.h"

namespace kontain::image::build {

// A build that failed. `text` is ready to be printed: with the place in the Dockerfile, and what a RUN step printed
// last.
struct BuildFailure {
  std::string text;
};

template <class T>
using Built = tl::expected<T, BuildFailure>;

// The image's manifest in the store; it has no name yet. The store's session is the caller's. With `dry_run` the stages
// and their steps are printed to stdout and nothing is made: the descriptor is empty.
Built<Descriptor> build_from_dockerfile(const Store& store, const BuildOptions& options, Bases& bases,
                                        Progress& progress);

}  // namespace kontain::image::build
