// A stage while it is being built: what its instructions share. For the files stage.cc, copy_step.cc and run_step.cc.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "imagebuild/build/roots.h"
#include "imagebuild/build/stage.h"

namespace kontain::image::build {

// An error of the host as a problem of the instruction at `place`.
template <class T>
dockerfile::Parsed<T> at(dockerfile::Place place, Result<T> result) {
  if (!result) return dockerfile::problem(place, result.error().message());
  if constexpr (!std::is_void_v<T>)
    return std::move(*result);
  else
    return {};
}

struct StageWork {
  StageWork(BuildContext& shared, const PlannedStage& plan, const StageLookup& stages);

  BuildContext& context;
  const PlannedStage& planned;
  const StageLookup& lookup;
  const dockerfile::Stage& stage;
  dockerfile::ShellWords words;
  StageVariables variables;
  BuiltStage built;
  StageRoot root;
  std::string note;  // what there is to say about the instruction

  RunConfig& config() { return built.config.image.config; }
  std::string time_text() const { return std::to_string(context.options.epoch); }

  // The image so far by names; made when it is needed, from layers that may come from the cache.
  Result<std::shared_ptr<const ImageTree>> tree();
  // Where an image from elsewhere or an earlier stage stands.
  dockerfile::Parsed<std::shared_ptr<const BuiltStage>> built_origin(const Origin& origin, dockerfile::Place place);
  // Takes the step's layer from the cache or makes it from the files that `make` gives; no files, no layer.
  dockerfile::Parsed<bool> step(const Digest& key, dockerfile::Place place, Changes changes,
                                const std::function<Result<LayerFiles>()>& make);

 private:
  Result<StoredLayer> stored(const LayerFiles& files) const;
  std::shared_ptr<ImageTree> tree_;
  size_t in_tree_ = 0;  // layers that tree_ has
};

dockerfile::Parsed<bool> copy_step(StageWork& work, const dockerfile::Copy& copy, const Expander& expand);
dockerfile::Parsed<bool> run_step(StageWork& work, const dockerfile::Run& run, dockerfile::Place place);

}  // namespace kontain::image::build
