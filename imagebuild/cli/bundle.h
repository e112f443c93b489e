// Bundles of the OCI runtime specification from images, for krun without an engine.
#pragma once

#include <string>

#include "base/error.h"
#include "imagebuild/store/store.h"

namespace kontain::image::cli {

// Makes the folder `path` (there must be none) with rootfs and config.json: the image's command as its user, in the
// host's network. Owners are kept when we are root.
Result<void> make_bundle(const Store& store, const Descriptor& image, const std::string& path);

}  // namespace kontain::image::cli
