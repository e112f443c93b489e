// One stage of a build: its instructions one after the other, each giving a layer, or taking it from the cache.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "imagebuild/build/bases.h"
#include "imagebuild/build/configure.h"
#include "imagebuild/build/copy.h"
#include "imagebuild/build/options.h"
#include "imagebuild/build/plan.h"
#include "imagebuild/build/progress.h"
#include "imagebuild/build/roots.h"
#include "imagebuild/build/step_cache.h"
#include "imagebuild/build/tree.h"
#include "imagebuild/dockerfile/instruction.h"

namespace kontain::image::build {

// A stage when it is done, or an image from elsewhere. Never changed afterwards.
struct BuiltStage {
  StageConfig config;
  std::vector<StoredLayer> layers;
  Digest key;  // of everything that the layers depend on
};

// What all stages of a build share. The references outlive it.
struct BuildContext {
  const BuildOptions& options;
  const dockerfile::Dockerfile& file;
  const Plan& plan;
  const Store& store;
  StepCache cache;
  Progress& progress;
  Bases& bases;
  CopySource context;                           // the build's context
  std::function<Result<Workshop*>()> workshop;  // made when it is needed for the first time
  std::atomic<bool>& stopped;                   // another stage has failed
  std::string no_mounts;                        // why RUN steps cannot be executed, or nothing
};

// The result of an earlier stage; waits for it.
using StageLookup = std::function<dockerfile::Parsed<std::shared_ptr<const BuiltStage>>(size_t index)>;

dockerfile::Parsed<BuiltStage> build_stage(BuildContext& context, const PlannedStage& planned,
                                           const StageLookup& lookup);

}  // namespace kontain::image::build
