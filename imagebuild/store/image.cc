#include "imagebuild/store/image.h"

namespace kontain::image {

Result<StoredLayer> store_layer(const Store& store, const LayerFiles& files, const CompressOptions& options) {
  TRY_ASSIGN(BlobWriter writer, store.new_blob());
  TRY_ASSIGN(const LayerContent content, write_layer(files, options, writer));
  TRY_ASSIGN(const Descriptor descriptor, writer.commit(layer_media_type(options.compression)));
  return StoredLayer{descriptor, content.diff_id};
}

Result<std::vector<StoredLayer>> layers_of(const Manifest& manifest, const ImageConfig& config) {
  if (manifest.layers.size() != config.diff_ids.size()) return fail("image", "", "layers and diff_ids do not match");
  std::vector<StoredLayer> layers;
  for (size_t i = 0; i < manifest.layers.size(); ++i) layers.push_back({manifest.layers[i], config.diff_ids[i]});
  return layers;
}

Result<Descriptor> store_image(const Store& store, ImageConfig config, const std::vector<StoredLayer>& layers,
                               const TextMap& annotations) {
  Manifest manifest;
  config.diff_ids.clear();
  for (const StoredLayer& layer : layers) {
    manifest.layers.push_back(layer.descriptor);
    config.diff_ids.push_back(layer.diff_id);
  }
  TRY_ASSIGN(manifest.config, store.put(kMediaConfig, to_text(config)));
  manifest.annotations = annotations;
  return store.put(kMediaManifest, to_text(manifest));
}

}  // namespace kontain::image
