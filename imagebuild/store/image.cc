#include "imagebuild/store/image.h"

#include <future>

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
  const std::string config_text = to_text(config);
  manifest.config = describe(kMediaConfig, config_text);
  manifest.annotations = annotations;
  // Both at once: the disk then makes them durable together. Nothing has the image's name before both are there.
  auto config_put = std::async(std::launch::async, [&] { return store.put(kMediaConfig, config_text); });
  auto stored = store.put(kMediaManifest, to_text(manifest));
  TRY(config_put.get());
  return stored;
}

}  // namespace kontain::image
