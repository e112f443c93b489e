// Images that a build takes from elsewhere.
#pragma once

#include <string>

#include "base/error.h"
#include "imagebuild/oci/model.h"

namespace kontain::image::build {

// How a name behind FROM or --from becomes an image in the store. Called from several threads.
class Bases {
 public:
  virtual ~Bases() = default;
  // The manifest of the image, which is then in the store with all its layers.
  virtual Result<Descriptor> fetch(const std::string& name) = 0;
};

}  // namespace kontain::image::build
