// What steps gave when they were executed before, by everything that they depend on.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "imagebuild/layer/layer.h"
#include "imagebuild/store/image.h"
#include "imagebuild/store/store.h"

namespace kontain::image::build {

// A digest of fields, in order, each with its length: two lists of fields never give the same text.
class StepKey {
 public:
  explicit StepKey(std::string_view kind) { add(kind); }
  StepKey& add(std::string_view field);
  template <class List>
  StepKey& add_all(const List& list) {
    add(std::to_string(list.size()));
    for (const auto& field : list) add(field);
    return *this;
  }
  Digest digest() const { return hasher_.digest(); }

 private:
  Hasher hasher_;
};

// The result of a step: a layer, or none because nothing changed.
struct StepResult {
  std::optional<StoredLayer> layer;
};

class StepCache {
 public:
  StepCache(const Store& store, bool enabled) : store_(store), enabled_(enabled) {}
  // Nothing when the step is not known, the layer is gone, or what is written there is no result.
  std::optional<StepResult> find(const Digest& key) const;
  Result<void> remember(const Digest& key, const StepResult& result) const;
  // The digest of something that takes long to look at.
  std::optional<Digest> find_digest(const Digest& key) const;
  Result<void> remember_digest(const Digest& key, const Digest& digest) const;

 private:
  const Store& store_;
  bool enabled_;
};

// The digest of the uncompressed layer that these files make: their names, attributes and content, read once.
Result<Digest> content_digest(const LayerFiles& files);

// Stores the layer of the files. One of the same content that was compressed in the same way before is taken as it is.
Result<StoredLayer> store_known_layer(const Store& store, const StepCache& cache, const LayerFiles& files,
                                      const Digest& content, const CompressOptions& options);

}  // namespace kontain::image::build
