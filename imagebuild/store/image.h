// Making images out of layers, in a store.
#pragma once

#include <vector>

#include "base/error.h"
#include "imagebuild/layer/layer.h"
#include "imagebuild/oci/model.h"
#include "imagebuild/store/store.h"

namespace kontain::image {

// A layer that lies in a store.
struct StoredLayer {
  Descriptor descriptor;
  Digest diff_id;
};

// Writes the layer of `files` into the store.
Result<StoredLayer> store_layer(const Store& store, const LayerFiles& files, const CompressOptions& options);

// The layers of an image that is in the store, lowest first.
Result<std::vector<StoredLayer>> layers_of(const Manifest& manifest, const ImageConfig& config);

// Writes configuration (its diff_ids are set here) and manifest of these layers. The image has no name yet.
Result<Descriptor> store_image(const Store& store, ImageConfig config, const std::vector<StoredLayer>& layers,
                               const TextMap& annotations);

}  // namespace kontain::image
