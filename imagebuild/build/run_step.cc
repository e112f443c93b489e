#include <unistd.h>

#include <atomic>

#include "imagebuild/build/diff.h"
#include "imagebuild/build/run.h"
#include "imagebuild/build/stage_work.h"
#include "imagebuild/build/user_namespace.h"

namespace kontain::image::build {
namespace {

using dockerfile::Parsed;
using dockerfile::Place;
using dockerfile::problem;

void add_to(StepKey& key, const Repeatable& repeatable) {
  key.add(repeatable.clock ? std::to_string(*repeatable.clock) : "");
  key.add(repeatable.random_seed ? std::to_string(*repeatable.random_seed) : "");
}

class RunStep {
 public:
  explicit RunStep(StageWork& work) : work_(work) {}

  Parsed<bool> execute(const dockerfile::Run& run, Place place) {
    const bool host = run.network == dockerfile::RunNetwork::Host;
    if (host && work_.context.options.network != Network::Host) {
      return problem(place, "--network=host: a build has no network unless kontain-build is given --network host");
    }
    RunRequest request;
    request.network = run.network == dockerfile::RunNetwork::None ? Network::Off : work_.context.options.network;
    TRY(take_command(run, request));
    TRY_ASSIGN(request.user, run_user(place));
    request.working_dir = work_.config().working_dir.empty() ? "/" : work_.config().working_dir;
    request.environment = run_environment(request.user);
    request.repeatable = work_.context.options.repeatable;
    StepKey key(request.repeatable.is_asked_for() ? "run repeatable" : "run");
    if (request.repeatable.is_asked_for()) add_to(key, request.repeatable);
    key.add(work_.built.key.text()).add_all(request.arguments).add_all(request.environment).add(request.working_dir);
    key.add(work_.config().user).add(request.network == Network::Host ? "host" : "off").add(work_.time_text());
    for (const InlineFile& script : request.scripts) key.add(script.text);
    return work_.step(key.digest(), place, Changes::Any, [&] { return execute_run(request); });
  }

 private:
  Parsed<bool> take_command(const dockerfile::Run& run, RunRequest& request) {
    dockerfile::CommandLine command = run.command;
    if (!run.heredocs.empty()) {
      const auto& first = run.heredocs.front();
      const bool only =
          run.heredocs.size() == 1 && dockerfile::heredoc_start(command.words[0], work_.context.file.escape);
      if (only && first.content().starts_with("#!")) {
        request.scripts.push_back({"script", first.content()});
        request.arguments = {"/dev/pipes/script"};
        return true;
      }
      // A command of nothing but a here-document is what is in it; any other is the shell's to read as a whole.
      if (only)
        command.words[0] = first.content();
      else
        for (const auto& file : run.heredocs) command.words[0] += "\n" + file.data + file.name;
    }
    request.arguments = command_words(work_.built.config.image, command);
    return true;
  }

  Parsed<Identity> run_user(Place place) {
    if (work_.config().user.empty()) return Identity{0, 0, {}, "/root"};
    TRY_ASSIGN(const auto image, at(place, work_.tree()));
    return at(place, find_identity(image->users(), work_.config().user));
  }

  // Arguments first: ENV of the same name wins.
  std::vector<std::string> run_environment(const Identity& user) {
    std::vector<std::string> env;
    for (const auto& [name, value] : work_.variables.arguments()) set_environment(env, name, value);
    for (const auto& [name, value] : work_.context.options.build_args) {
      if (is_proxy_argument(name)) set_environment(env, name, value);
    }
    for (const std::string& entry : work_.config().env) {
      const size_t equals = entry.find('=');
      set_environment(env, entry.substr(0, equals), entry.substr(equals + 1));
    }
    if (!environment_value(env, "PATH"))
      env.push_back("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    if (!environment_value(env, "HOME")) env.push_back("HOME=" + user.home);
    // Programs that write times into files know this name (reproducible-builds.org).
    if (!environment_value(env, "SOURCE_DATE_EPOCH")) env.push_back("SOURCE_DATE_EPOCH=" + work_.time_text());
    return env;
  }

  Result<LayerFiles> execute_run(RunRequest& request) {
    if (work_.context.options.krun.empty()) return fail("RUN", "", "there is no krun beside kontain-build");
    if (!work_.context.no_mounts.empty())
      return fail("RUN", "", "it needs root, or a user namespace: " + work_.context.no_mounts);
    if (request.user.uid != 0 && !can_give_away_files())
      return fail("RUN", "USER " + work_.config().user, "without root only users of /etc/subuid can be named");
    TRY_ASSIGN(Workshop * workshop, work_.context.workshop());
    TRY(prepare_folders(*workshop, request));
    static std::atomic<unsigned> count{0};
    request.krun = work_.context.options.krun;
    request.id = "kontain-build-" + std::to_string(getpid()) + "-" + std::to_string(count++);
    request.output = [this](std::string_view text) { work_.context.progress.output(work_.planned.name, text); };
    TRY_ASSIGN(const int status, run_in_vm(request));
    if (status != 0) return fail("the command ended with status " + std::to_string(status), "", "");
    TRY_ASSIGN(context::Folder upper, context::Folder::open(request.folder + "/" + request.upper));
    TRY_ASSIGN(LayerFiles files,
               overlay_changes(std::make_shared<context::Folder>(std::move(upper)), work_.context.options.epoch));
    // No change, no layer: then the folder stands for none.
    if (!files.empty()) work_.root.executed(work_.built.layers.size(), request.upper);
    return files;
  }

  Result<void> prepare_folders(Workshop& workshop, RunRequest& request) {
    TRY_ASSIGN(request.lower, work_.root.lowers(workshop, work_.built.layers));
    request.folder = workshop.path();
    request.lock = workshop.lock();
    for (std::string* name : {&request.upper, &request.work, &request.merged, &request.bundle}) {
      TRY_ASSIGN(*name, workshop.new_folder("run"));
    }
    return {};
  }

  StageWork& work_;
};

}  // namespace

Parsed<bool> run_step(StageWork& work, const dockerfile::Run& run, Place place) {
  return RunStep(work).execute(run, place);
}

}  // namespace kontain::image::build
