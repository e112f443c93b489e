#include "imagebuild/build/step_cache.h"

#include <nlohmann/json.hpp>

namespace kontain::image::build {
namespace {

using nlohmann::json;

class NullSink final : public Sink {
 public:
  Result<void> write(std::string_view) override { return {}; }
};

std::optional<StoredLayer> parse_layer(const json& value) {
  const auto text = [&](const char* name) {
    const auto found = value.find(name);
    return found != value.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  StoredLayer layer;
  const auto digest = Digest::parse(text("digest"));
  const auto diff_id = Digest::parse(text("diff_id"));
  const auto size = value.find("size");
  if (!digest || !diff_id || size == value.end() || !size->is_number_unsigned()) return std::nullopt;
  layer.descriptor.media_type = text("media_type");
  layer.descriptor.digest = *digest;
  layer.descriptor.size = size->get<uint64_t>();
  layer.diff_id = *diff_id;
  return layer;
}

}  // namespace

StepKey& StepKey::add(std::string_view field) {
  hasher_.update(std::to_string(field.size()) + ":");
  hasher_.update(field);
  return *this;
}

std::optional<StepResult> StepCache::find(const Digest& key) const {
  if (!enabled_) return std::nullopt;
  const auto text = store_.cached(key);
  if (!text || !*text) return std::nullopt;
  const json value = json::parse(**text, nullptr, false);
  if (!value.is_object()) return std::nullopt;
  if (value.value("empty", false)) return StepResult{};
  auto layer = parse_layer(value);
  if (!layer || !store_.has(layer->descriptor.digest)) return std::nullopt;
  return StepResult{std::move(layer)};
}

Result<void> StepCache::remember(const Digest& key, const StepResult& result) const {
  json value = {{"empty", true}};
  if (result.layer) {
    value = {{"media_type", result.layer->descriptor.media_type},
             {"digest", result.layer->descriptor.digest.text()},
             {"size", result.layer->descriptor.size},
             {"diff_id", result.layer->diff_id.text()}};
  }
  return store_.remember(key, value.dump());
}

std::optional<Digest> StepCache::find_digest(const Digest& key) const {
  if (!enabled_) return std::nullopt;
  const auto text = store_.cached(key);
  if (!text || !*text) return std::nullopt;
  const auto digest = Digest::parse(**text);
  return digest ? std::optional(*digest) : std::nullopt;
}

Result<void> StepCache::remember_digest(const Digest& key, const Digest& digest) const {
  return store_.remember(key, digest.text());
}

Result<Digest> content_digest(const LayerFiles& files) {
  NullSink nowhere;
  CompressOptions options;
  options.compression = Compression::None;
  TRY_ASSIGN(const LayerContent content, write_layer(files, options, nowhere));
  return content.diff_id;
}

Result<StoredLayer> store_known_layer(const Store& store, const StepCache& cache, const LayerFiles& files,
                                      const Digest& content, const CompressOptions& options) {
  const Digest key = StepKey("layer")
                         .add(content.text())
                         .add(std::to_string(static_cast<int>(options.compression)))
                         .add(std::to_string(options.level))
                         .digest();
  if (const auto known = cache.find(key); known && known->layer) return *known->layer;
  TRY_ASSIGN(StoredLayer layer, store_layer(store, files, options));
  TRY(cache.remember(key, StepResult{layer}));
  return layer;
}

}  // namespace kontain::image::build
