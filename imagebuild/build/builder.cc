#include "imagebuild/build/builder.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "base/log.h"
#include "base/text.h"
#include "imagebuild/build/stage.h"
#include "imagebuild/build/user_namespace.h"
#include "imagebuild/dockerfile/lines.h"
#include "imagebuild/dockerfile/parser.h"

namespace kontain::image::build {
namespace {

using dockerfile::Dockerfile;
using dockerfile::Parsed;
using dockerfile::problem;
using dockerfile::Problem;

constexpr std::string_view kIgnoreFile = ".dockerignore";
constexpr size_t kMaxIgnoreFile = 1 << 20;

tl::unexpected<BuildFailure> failed(const Error& error) { return tl::make_unexpected(BuildFailure{error.message()}); }

// A host's Error ends the build.
#define BUILD_ASSIGN(decl, expr) BUILD_ASSIGN_(KONTAIN_CONCAT(build_value_, __COUNTER__), decl, expr)
#define BUILD_ASSIGN_(tmp, decl, expr)  \
  auto&& tmp = (expr);                  \
  if (!tmp) return failed(tmp.error()); \
  decl = std::move(*tmp)

Result<std::string> read_host_file(const std::string& path, size_t limit) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno(path, "", errno);
  FdSource source(std::move(fd), path);
  return read_all(source, limit, path);
}

Result<context::IgnoreList> read_ignore_list(const context::Folder& folder, const std::string& dockerfile) {
  // The Dockerfile's own list stands for the context's.
  if (const auto own = read_host_file(dockerfile + std::string(kIgnoreFile), kMaxIgnoreFile)) {
    return context::IgnoreList::parse(*own, dockerfile + std::string(kIgnoreFile));
  }
  TRY_ASSIGN(const auto node, folder.stat(kIgnoreFile, context::Links::Follow));
  if (!node) return context::IgnoreList();
  const std::string name = folder.host_path() + "/" + std::string(kIgnoreFile);
  TRY_ASSIGN(UniqueFd fd, folder.open_file(kIgnoreFile));
  FdSource source(std::move(fd), name);
  TRY_ASSIGN(const std::string text, read_all(source, kMaxIgnoreFile, name));
  return context::IgnoreList::parse(text, name);
}

Result<CopySource> open_context(const BuildOptions& options, const std::string& dockerfile) {
  CopySource source;
  source.name = "the context";
  if (options.context.empty()) return source;
  TRY_ASSIGN(context::Folder folder, context::Folder::open(options.context));
  TRY_ASSIGN(source.ignore, read_ignore_list(folder, dockerfile));
  source.folder = std::make_shared<context::Folder>(std::move(folder));
  return source;
}

// The stages' threads and what they have to tell each other.
class Stages {
 public:
  explicit Stages(BuildContext& context) : context_(context) {}

  Parsed<std::shared_ptr<const BuiltStage>> run() {
    std::vector<std::thread> threads;
    for (const PlannedStage& planned : context_.plan.stages) {
      threads.emplace_back([this, &planned] { build(planned); });
    }
    for (std::thread& thread : threads) thread.join();
    if (failure_) return tl::make_unexpected(*failure_);
    return done_.at(context_.plan.stages.back().index);
  }
  const std::string& failed_stage() const { return failed_stage_; }

 private:
  void build(const PlannedStage& planned) {
    const StageLookup lookup = [this](size_t index) { return wait_for(index); };
    // What a stage needs is waited for before it begins, so that it takes no place from those that can go on.
    for (size_t need : planned.needs) {
      if (!wait_for(need)) return;
    }
    acquire();
    auto built = context_.stopped ? Parsed<BuiltStage>(problem({}, "")) : build_stage(context_, planned, lookup);
    release();
    const std::scoped_lock guard(mutex_);
    if (built) {
      done_[planned.index] = std::make_shared<const BuiltStage>(std::move(*built));
    } else if (!failure_) {
      context_.stopped = true;
      failure_ = built.error();
      failed_stage_ = planned.name;
    }
    changed_.notify_all();
  }

  Parsed<std::shared_ptr<const BuiltStage>> wait_for(size_t index) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return done_.contains(index) || failure_; });
    if (!done_.contains(index)) return problem({}, "a stage that is needed has failed");
    return done_.at(index);
  }

  // As many stages at once as there are processors.
  void acquire() {
    std::unique_lock lock(mutex_);
    const unsigned limit = std::max(1u, std::thread::hardware_concurrency());
    changed_.wait(lock, [&] { return running_ < limit; });
    ++running_;
  }
  void release() {
    const std::scoped_lock guard(mutex_);
    --running_;
    changed_.notify_all();
  }

  BuildContext& context_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<size_t, std::shared_ptr<const BuiltStage>> done_;
  std::optional<Problem> failure_;
  std::string failed_stage_;
  unsigned running_ = 0;
};

// Output of programs, with a terminal's commands made harmless.
std::string harmless(const std::string& output) {
  std::string text;
  for (const std::string& line : split(output, '\n')) text += escape_control(line) + "\n";
  while (text.ends_with("\n\n")) text.pop_back();
  return text;
}

void print_plan(const Dockerfile& file, const Plan& plan) {
  for (const PlannedStage& planned : plan.stages) {
    const auto& stage = file.stages[planned.index];
    std::printf("stage %s: %s\n", planned.name.c_str(), escape_control(stage.text).c_str());
    for (const auto& instruction : stage.instructions) std::printf("  %s\n", escape_control(instruction.text).c_str());
  }
}

void warn_about(const Dockerfile& file, const Plan& plan, const BuildOptions& options) {
  std::set<std::string> declared;
  const auto add = [&](const dockerfile::Instruction& instruction) {
    const auto* arg = std::get_if<dockerfile::Arg>(&instruction.body);
    if (arg == nullptr) return;
    for (const auto& one : arg->all) declared.insert(one.name);
  };
  for (const auto& instruction : file.global_args) add(instruction);
  for (const PlannedStage& planned : plan.stages) {
    for (const auto& instruction : file.stages[planned.index].instructions) add(instruction);
  }
  for (const auto& [name, value] : options.build_args) {
    if (!declared.contains(name) && !is_proxy_argument(name))
      print_warning("--build-arg " + name + ": no ARG has this name");
  }
}

bool has_run(const Dockerfile& file, const Plan& plan) {
  for (const PlannedStage& planned : plan.stages) {
    for (const auto& instruction : file.stages[planned.index].instructions) {
      if (std::holds_alternative<dockerfile::Run>(instruction.body)) return true;
    }
  }
  return false;
}

class Build {
 public:
  Build(const Store& store, const BuildOptions& options, Bases& bases, Progress& progress)
      : store_(store), options_(options), bases_(bases), progress_(progress) {}

  Built<Descriptor> run() {
    path_ = options_.dockerfile.empty() ? options_.context + "/Dockerfile" : options_.dockerfile;
    BUILD_ASSIGN(source_, read_host_file(path_, dockerfile::kMaxFileSize));
    auto file = dockerfile::parse(source_);
    if (!file) return shown(file.error());
    for (const Problem& warning : file->warnings)
      print_warning(path_ + ":" + std::to_string(warning.place.line) + ": " + warning.text);
    auto plan = make_plan(*file, options_);
    if (!plan) return shown(plan.error());
    warn_about(*file, *plan, options_);
    if (options_.dry_run) {
      print_plan(*file, *plan);
      return Descriptor();
    }
    return execute(*file, *plan);
  }

 private:
  tl::unexpected<BuildFailure> shown(const Problem& what) const {
    return tl::make_unexpected(BuildFailure{dockerfile::render(what, path_, source_)});
  }

  // Overlays need root: a user without privileges becomes that of a user namespace, in a child process, so that what is
  // done with the image later is done by the user.
  Built<Descriptor> execute(const Dockerfile& file, const Plan& plan) {
    if (geteuid() == 0 || !has_run(file, plan)) return execute_here(file, plan, "");
    const auto text = run_as_namespace_root([&] {
      std::string told = to_text(execute_here(file, plan, ""));
      workshop_.reset();
      return told;
    });
    // Every step may be in the cache.
    if (!text) return execute_here(file, plan, text.error().message());
    return from_text(*text);
  }

  // A result on its way between processes.
  static std::string to_text(const Built<Descriptor>& built) {
    if (!built) return "-" + built.error().text;
    return "+" + built->digest.text() + " " + std::to_string(built->size);
  }
  static Built<Descriptor> from_text(const std::string& text) {
    if (text.starts_with('-')) return tl::make_unexpected(BuildFailure{text.substr(1)});
    const size_t space = text.find(' ');
    Descriptor image;
    image.media_type = kMediaManifest;
    BUILD_ASSIGN(image.digest, Digest::parse(std::string_view(text).substr(1, space - 1)));
    image.size = std::strtoull(text.c_str() + space + 1, nullptr, 10);
    return image;
  }

  Built<Descriptor> execute_here(const Dockerfile& file, const Plan& plan, const std::string& no_mounts) {
    BUILD_ASSIGN(CopySource context, open_context(options_, path_));
    std::atomic<bool> stopped{false};
    BuildContext shared{options_,
                        file,
                        plan,
                        store_,
                        StepCache(store_, options_.use_cache),
                        progress_,
                        bases_,
                        std::move(context),
                        [this] { return workshop(); },
                        stopped,
                        no_mounts};
    Stages stages(shared);
    auto target = stages.run();
    if (!target) {
      auto failure = shown(target.error());
      const std::string output = progress_.last_output(stages.failed_stage());
      if (!output.empty()) failure.value().text += "\n" + harmless(output);
      return failure;
    }
    ImageConfig config = (*target)->config.image;
    config.created = rfc3339(options_.epoch);
    for (const auto& [name, value] : options_.labels) config.config.labels[name] = value;
    BUILD_ASSIGN(Descriptor image, store_image(store_, std::move(config), (*target)->layers, {}));
    return image;
  }

  Result<Workshop*> workshop() {
    const std::scoped_lock guard(mutex_);
    if (!workshop_) {
      TRY_ASSIGN(workshop_, Workshop::create(store_));
    }
    return workshop_.get();
  }

  const Store& store_;
  const BuildOptions& options_;
  Bases& bases_;
  Progress& progress_;
  std::string path_, source_;
  std::mutex mutex_;
  std::unique_ptr<Workshop> workshop_;
};

}  // namespace

Built<Descriptor> build_from_dockerfile(const Store& store, const BuildOptions& options, Bases& bases,
                                        Progress& progress) {
  return Build(store, options, bases, progress).run();
}

}  // namespace kontain::image::build
