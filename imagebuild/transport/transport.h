// Images into a store and out of it.
#pragma once

#include <string>

#include "base/error.h"
#include "imagebuild/oci/model.h"
#include "imagebuild/store/store.h"
#include "imagebuild/transport/graph.h"
#include "imagebuild/transport/locator.h"

namespace kontain::image {

// An image that was brought into a store; it has no name there yet.
struct Imported {
  Descriptor descriptor;
  std::string name;  // what it was called where it came from, may be empty
};

// Everything but the store and registries: layouts and archives of both kinds, compressed or not.
Result<Imported> import_file(const Store& store, const Locator& from, Platforms platforms,
                             const CopyProgress& progress = {});

// Everything but the store and registries. `name` is what the image will be called there; it may be empty for layouts
// and OCI archives.
Result<void> export_file(const Store& store, const Descriptor& image, const Locator& to, const std::string& name);

}  // namespace kontain::image
