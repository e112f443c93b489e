#include <sys/stat.h>

#include <cerrno>

#include "krun/cli/verbs.h"
#include "krun/container/verbs.h"

namespace kontain::krun::cli {
namespace {

struct CheckpointOptions {
  std::string id, image_path = "checkpoint", work_path, parent_path, bundle = ".";
};

Result<void> make_folder(const std::string& path) {
  if (path.empty() || mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return fail_errno("mkdir", path, errno);
}

// The contract stands before the work can be done: the folders are krun's to make (engines do not), the rest is km's.
void add_checkpoint(CLI::App& app, Invocation& invocation, const char* name, const char* help) {
  CLI::App* verb = app.add_subcommand(name, help);
  auto options = std::make_shared<CheckpointOptions>();
  verb->add_option("--image-path", options->image_path, "folder of the checkpoint");
  verb->add_option("--work-path", options->work_path, "folder for logs");
  verb->add_option("--parent-path", options->parent_path);
  verb->add_option("-b,--bundle", options->bundle);
  for (const char* flag : {"--leave-running", "--tcp-established", "--ext-unix-sk", "--shell-job", "--lazy-pages",
                           "--file-locks", "--pre-dump", "--auto-dedup", "--no-pivot", "--no-subreaper"}) {
    verb->add_flag(flag);
  }
  verb->add_flag("-d,--detach");
  for (const char* option : {"--status-fd", "--page-server", "--manage-cgroups-mode", "--empty-ns", "--console-socket",
                             "--pid-file", "--lsm-profile", "--lsm-mount-context"}) {
    verb->add_option(option)->expected(1);
  }
  verb->add_option("ID", options->id)->required();
  const std::string verb_name = name;
  verb->callback([&invocation, options, verb_name] {
    invocation.run = [options, verb_name, &invocation]() -> Result<int> {
      if (verb_name == "checkpoint") {
        TRY(container::look_up(invocation.global.root, options->id));
        TRY(make_folder(options->image_path));
        TRY(make_folder(options->work_path));
      }
      return fail(verb_name, options->id, "not supported yet: km has no snapshots");
    };
  });
}

}  // namespace

void add_checkpoints(CLI::App& app, Invocation& invocation) {
  add_checkpoint(app, invocation, "checkpoint", "save a running container");
  add_checkpoint(app, invocation, "restore", "continue a saved container");
}

}  // namespace kontain::krun::cli
