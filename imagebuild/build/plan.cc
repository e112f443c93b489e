#include "imagebuild/build/plan.h"

#include <algorithm>

namespace kontain::image::build {
namespace {

using dockerfile::Dockerfile;
using dockerfile::Parsed;
using dockerfile::Place;
using dockerfile::problem;

constexpr std::string_view kPlatform = "linux/amd64";

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  return out;
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() < 6 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::optional<size_t> stage_by_name(const Dockerfile& file, std::string_view name, size_t end) {
  const std::string wanted = lower(name);
  for (size_t i = 0; i < end; ++i) {
    if (!file.stages[i].from.stage.empty() && file.stages[i].from.stage == wanted) return i;
  }
  return std::nullopt;
}

Parsed<std::string> expand(const dockerfile::ShellWords& words, const std::string& text, const Values& values,
                           Place place) {
  auto out = words.expand(text, [&](std::string_view name) -> std::optional<std::string> {
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  });
  if (!out) return problem(place, out.error());
  return *out;
}

class Planner {
 public:
  Planner(const Dockerfile& file, const BuildOptions& options) : file_(file), options_(options), words_(file.escape) {}

  Parsed<Plan> plan() {
    TRY(read_arguments());
    TRY_ASSIGN(const size_t target, find_target());
    TRY(include(target));
    std::sort(plan_.stages.begin(), plan_.stages.end(),
              [](const PlannedStage& a, const PlannedStage& b) { return a.index < b.index; });
    return std::move(plan_);
  }

 private:
  Parsed<bool> read_arguments() {
    for (const auto& instruction : file_.global_args) {
      for (const auto& one : std::get<dockerfile::Arg>(instruction.body).all) {
        const auto given = options_.build_args.find(one.name);
        const auto platform = platform_arguments().find(one.name);
        if (given != options_.build_args.end()) {
          plan_.global_arguments[one.name] = given->second;
        } else if (one.value) {
          TRY_ASSIGN(plan_.global_arguments[one.name], expanded(*one.value, instruction.arguments));
        } else if (platform != platform_arguments().end()) {
          plan_.global_arguments[one.name] = platform->second;
        }
      }
    }
    return true;
  }

  // With the platform's arguments, which need no declaration here.
  Parsed<std::string> expanded(const std::string& text, Place place) const {
    Values values = platform_arguments();
    for (const auto& [name, value] : plan_.global_arguments) values[name] = value;
    return expand(words_, text, values, place);
  }

  Parsed<size_t> find_target() const {
    if (options_.target.empty()) return file_.stages.size() - 1;
    if (const auto named = stage_by_name(file_, options_.target, file_.stages.size())) return *named;
    if (is_number(options_.target) && std::stoul(options_.target) < file_.stages.size())
      return std::stoul(options_.target);
    return problem({}, "--target: there is no stage '" + options_.target + "'");
  }

  Parsed<bool> include(size_t index) {
    if (!seen_.insert(index).second) return true;
    const dockerfile::Stage& stage = file_.stages[index];
    PlannedStage planned{index, stage.from.stage.empty() ? std::to_string(index) : stage.from.stage, {}, {}};
    TRY(check_platform(stage));
    TRY_ASSIGN(const std::string image, expanded(stage.from.image, stage.place));
    if (image.empty()) return problem(stage.place, "the image's name is empty: '" + stage.from.image + "'");
    if (image == "scratch")
      planned.base = Origin{};
    else {
      TRY_ASSIGN(planned.base, origin_of(file_, options_, index, image, stage.place));
    }
    if (planned.base.kind == Origin::Kind::Stage) planned.needs.insert(planned.base.stage);
    TRY(add_copied(stage, planned));
    for (size_t need : planned.needs) TRY(include(need));
    plan_.stages.push_back(std::move(planned));
    return true;
  }

  Parsed<bool> check_platform(const dockerfile::Stage& stage) const {
    if (stage.from.platform.empty()) return true;
    TRY_ASSIGN(const std::string platform, expanded(stage.from.platform, stage.place));
    if (platform == kPlatform) return true;
    return problem(stage.place, "--platform=" + platform + ": only " + std::string(kPlatform) + " is supported");
  }

  // COPY --from of a name without variables is known now; any other has to name an image.
  Parsed<bool> add_copied(const dockerfile::Stage& stage, PlannedStage& planned) const {
    for (const auto& instruction : stage.instructions) {
      const auto* copy = std::get_if<dockerfile::Copy>(&instruction.body);
      if (copy == nullptr || copy->from.empty()) continue;
      if (copy->from.find('$') != std::string::npos) {
        return problem(instruction.place, "--from=" + copy->from + ": variables are not possible here");
      }
      TRY_ASSIGN(const Origin origin, origin_of(file_, options_, planned.index, copy->from, instruction.place));
      if (origin.kind == Origin::Kind::Stage) planned.needs.insert(origin.stage);
    }
    return true;
  }

  const Dockerfile& file_;
  const BuildOptions& options_;
  dockerfile::ShellWords words_;
  std::set<size_t> seen_;
  Plan plan_;
};

}  // namespace

Parsed<Origin> origin_of(const Dockerfile& file, const BuildOptions& options, size_t index, const std::string& name,
                         Place place) {
  if (const auto stage = stage_by_name(file, name, index)) return Origin{Origin::Kind::Stage, *stage, name};
  if (options.contexts.contains(name)) return Origin{Origin::Kind::Context, 0, name};
  if (is_number(name)) {
    if (std::stoul(name) < index) return Origin{Origin::Kind::Stage, std::stoul(name), name};
    return problem(place, "there is no stage " + name + " before this one");
  }
  const auto later = stage_by_name(file, name, file.stages.size());
  if (later) {
    return problem(place, *later == index ? "the stage '" + name + "' refers to itself"
                                          : "the stage '" + name + "' comes only later");
  }
  return Origin{Origin::Kind::Image, 0, name};
}

Parsed<Plan> make_plan(const Dockerfile& file, const BuildOptions& options) { return Planner(file, options).plan(); }

}  // namespace kontain::image::build
