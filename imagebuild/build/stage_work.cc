#include "imagebuild/build/stage_work.h"

namespace kontain::image::build {

using dockerfile::Parsed;
using dockerfile::Place;

StageWork::StageWork(BuildContext& shared, const PlannedStage& plan, const StageLookup& stages)
    : context(shared),
      planned(plan),
      lookup(stages),
      stage(shared.file.stages[plan.index]),
      words(shared.file.escape),
      variables(shared.options.build_args, shared.plan.global_arguments) {}

Result<std::shared_ptr<const ImageTree>> StageWork::tree() {
  if (!tree_) tree_ = std::make_shared<ImageTree>();
  for (; in_tree_ < built.layers.size(); ++in_tree_) TRY(apply_to_tree(*tree_, context.store, built.layers[in_tree_]));
  return tree_;
}

Parsed<std::shared_ptr<const BuiltStage>> StageWork::built_origin(const Origin& origin, Place place) {
  if (origin.kind == Origin::Kind::Stage) return lookup(origin.stage);
  const bool named = origin.kind == Origin::Kind::Context;
  const std::string name = named ? context.options.contexts.at(origin.name) : origin.name;
  TRY_ASSIGN(const Descriptor descriptor, at(place, context.bases.fetch(name)));
  TRY_ASSIGN(const Manifest manifest, at(place, context.store.manifest(descriptor)));
  auto image = std::make_shared<BuiltStage>();
  TRY_ASSIGN(image->config.image, at(place, context.store.config(manifest)));
  TRY_ASSIGN(image->layers, at(place, layers_of(manifest, image->config.image)));
  StepKey key("image");
  for (const StoredLayer& layer : image->layers) key.add(layer.diff_id.text());
  image->key = key.digest();
  return image;
}

Parsed<bool> StageWork::step(const Digest& key, Place place, Changes changes,
                             const std::function<Result<LayerFiles>()>& make) {
  auto known = context.cache.find(key);
  if (known) {
    note = "cached";
  } else {
    TRY_ASSIGN(const LayerFiles files, at(place, make()));
    known.emplace();
    if (!files.empty()) {
      TRY_ASSIGN(known->layer, at(place, stored(files)));
    }
    TRY(at(place, context.cache.remember(key, *known)));
  }
  built.key = key;
  if (!known->layer) return true;
  built.layers.push_back(*known->layer);
  root.added(built.layers.size() - 1, changes);
  return true;
}

Result<StoredLayer> StageWork::stored(const LayerFiles& files) const {
  TRY_ASSIGN(const Digest content, content_digest(files));
  return store_known_layer(context.store, context.cache, files, content, context.options.compression);
}

}  // namespace kontain::image::build
