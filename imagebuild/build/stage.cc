#include "imagebuild/build/stage.h"

#include "imagebuild/build/stage_work.h"
#include "imagebuild/dockerfile/parser.h"

namespace kontain::image::build {
namespace {

using dockerfile::Instruction;
using dockerfile::Parsed;
using dockerfile::problem;

class StageBuilder {
 public:
  StageBuilder(BuildContext& context, const PlannedStage& planned, const StageLookup& lookup)
      : work_(context, planned, lookup) {}

  Parsed<BuiltStage> build() {
    TRY_ASSIGN(const std::vector<std::string> triggers, begin());
    const auto& instructions = work_.stage.instructions;
    const size_t steps = instructions.size() + triggers.size();
    size_t step = 0;
    for (const std::string& text : triggers) {
      auto trigger = dockerfile::parse_trigger(text);
      if (!trigger) return problem(work_.stage.place, "ONBUILD " + text + ": " + trigger.error().text);
      trigger->place = trigger->arguments = work_.stage.place;
      TRY(execute(*trigger, ++step, steps));
    }
    for (const Instruction& instruction : instructions) TRY(execute(instruction, ++step, steps));
    return std::move(work_.built);
  }

 private:
  // Takes the base; the triggers that it has.
  Parsed<std::vector<std::string>> begin() {
    std::vector<std::string> triggers;
    if (work_.planned.base.kind == Origin::Kind::Scratch) {
      work_.built.config = scratch_config();
      work_.built.key = StepKey("scratch").digest();
      return triggers;
    }
    TRY_ASSIGN(const auto base, work_.built_origin(work_.planned.base, work_.stage.place));
    work_.built = *base;
    work_.built.config = base_config(work_.built.config.image, triggers);
    return triggers;
  }

  Parsed<bool> execute(const Instruction& instruction, size_t step, size_t steps) {
    if (work_.context.stopped) return problem({}, "");
    work_.context.progress.begin(work_.planned.name, step, steps, instruction.text);
    work_.note.clear();
    const size_t layers = work_.built.layers.size();
    TRY(dispatch(instruction));
    add_history(instruction, work_.built.layers.size() == layers);
    work_.context.progress.end(work_.planned.name, work_.note);
    return true;
  }

  Parsed<bool> dispatch(const Instruction& instruction) {
    const Expander expand{work_.words, work_.variables.lookup(work_.config().env), instruction.arguments};
    if (const auto* arg = std::get_if<dockerfile::Arg>(&instruction.body)) return declare(*arg, expand);
    if (const auto* workdir = std::get_if<dockerfile::Workdir>(&instruction.body))
      return change_folder(*workdir, expand);
    if (const auto* copy = std::get_if<dockerfile::Copy>(&instruction.body)) return copy_step(work_, *copy, expand);
    if (const auto* run = std::get_if<dockerfile::Run>(&instruction.body))
      return run_step(work_, *run, instruction.arguments);
    return configure(work_.built.config, instruction.body, expand);
  }

  void add_history(const Instruction& instruction, bool empty) {
    History entry;
    entry.created = rfc3339(work_.context.options.epoch);
    entry.created_by = instruction.text;
    entry.empty_layer = empty;
    work_.built.config.image.history.push_back(std::move(entry));
  }

  Parsed<bool> declare(const dockerfile::Arg& arg, const Expander& expand) {
    for (const auto& one : arg.all) {
      std::optional<std::string> value;
      if (one.value) {
        TRY_ASSIGN(value, expand(*one.value));
      }
      work_.variables.declare(one.name, value);
    }
    return true;
  }

  // WORKDIR makes the folder when it is not there.
  Parsed<bool> change_folder(const dockerfile::Workdir& workdir, const Expander& expand) {
    TRY_ASSIGN(const std::string path, expand(workdir.path));
    if (path.empty()) return problem(expand.place, "WORKDIR: an empty path");
    std::string& folder = work_.config().working_dir;
    folder = absolute_path(folder, path);
    if (folder == "/") return true;
    const Digest key = StepKey("workdir").add(work_.built.key.text()).add(folder).add(work_.time_text()).digest();
    return work_.step(key, expand.place, Changes::AddOnly, [&]() -> Result<LayerFiles> {
      CopyRequest request;
      request.destination = folder;
      request.epoch = work_.context.options.epoch;
      TRY_ASSIGN(const auto image, work_.tree());
      TRY_ASSIGN(const bool there, image->is_folder(folder));
      if (there) return LayerFiles();
      return copy_files(request, CopySource(), *image);
    });
  }

  StageWork work_;
};

}  // namespace

Parsed<BuiltStage> build_stage(BuildContext& context, const PlannedStage& planned, const StageLookup& lookup) {
  return StageBuilder(context, planned, lookup).build();
}

}  // namespace kontain::image::build
