// Images for FROM and --from: from wherever a name leads.
#pragma once

#include <mutex>
#include <string>

#include "imagebuild/build/bases.h"
#include "imagebuild/registry/fetch.h"
#include "imagebuild/store/store.h"

namespace kontain::image::cli {

class FetchedBases final : public build::Bases {
 public:
  FetchedBases(const Store& store, const FetchOptions& options) : store_(store), options_(options) {}
  // One at a time: progress is shown on one line.
  Result<Descriptor> fetch(const std::string& name) override {
    const std::scoped_lock guard(mutex_);
    TRY_ASSIGN(const Imported image, fetch_image(store_, name, options_));
    return store_.select_platform(image.descriptor);
  }

 private:
  const Store& store_;
  const FetchOptions& options_;
  std::mutex mutex_;
};

}  // namespace kontain::image::cli
