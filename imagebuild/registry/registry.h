// Images from registries into a store, and back.
#pragma once

#include <string>

#include "base/error.h"
#include "imagebuild/oci/reference.h"
#include "imagebuild/registry/client.h"
#include "imagebuild/store/store.h"
#include "imagebuild/transport/transport.h"

namespace kontain::image {

// Pulls an image with everything it refers to; it has no name in the store yet.
Result<Imported> pull_image(const Store& store, const Reference& name, const RegistryOptions& options,
                            Platforms platforms, const CopyProgress& progress = {});

// Pushes an image. Blobs that the registry has are not sent; those that the store knows from another repository of the
// same registry are mounted from there.
Result<void> push_image(const Store& store, const Descriptor& image, const Reference& name,
                        const RegistryOptions& options, const CopyProgress& progress = {});

}  // namespace kontain::image
