#include "krun/container/exec.h"

#include "krun/cli/verbs.h"

namespace kontain::krun::cli {

void add_exec(CLI::App& app, Invocation& invocation) {
  CLI::App* verb = app.add_subcommand("exec", "run another process in a container");
  auto request = std::make_shared<container::ExecRequest>();
  auto terminal = std::make_shared<bool>(false);
  auto no_new_privileges = std::make_shared<bool>(false);
  verb->add_option("-p,--process", request->process_file, "process.json");
  verb->add_flag("-t,--tty", *terminal, "with a terminal");
  verb->add_option("--cwd", request->cwd, "working directory");
  verb->add_option("-e,--env", request->environment, "NAME=VALUE to add")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
  verb->add_option("-u,--user", request->user, "UID[:GID]");
  verb->add_option("-g,--additional-gids", request->additional_gids, "further groups")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
  verb->add_option("-c,--cap", request->capabilities, "capability to add")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
  verb->add_flag("--no-new-privs", *no_new_privileges, "set no_new_privs");
  verb->add_option("--apparmor", request->apparmor_profile, "AppArmor profile");
  verb->add_option("--process-label", request->process_label, "SELinux label");
  verb->add_option("--cgroup", request->cgroup, "existing cgroup below the container's");
  verb->add_flag("-d,--detach", request->detach, "do not wait");
  verb->add_flag("--ignore-paused", request->ignore_paused, "also in a paused container");
  add_process_options(*verb, request->console_socket, request->pid_file, request->preserve_fds);
  verb->add_option("ID", request->id)->required();
  verb->prefix_command();
  verb->callback([&invocation, request, terminal, no_new_privileges, verb] {
    invocation.failure = kExecFailed;
    invocation.run = [&invocation, request, terminal, no_new_privileges, verb]() -> Result<int> {
      TRY_ASSIGN(const container::Settings settings, settings_of(invocation));
      request->root = invocation.global.root;
      request->arguments = verb->remaining();
      if (!request->arguments.empty() && request->arguments[0] == "--")
        request->arguments.erase(request->arguments.begin());
      if (*terminal) request->terminal = true;
      if (*no_new_privileges) request->no_new_privileges = true;
      return container::exec_in_container(*request, settings);
    };
  });
}

}  // namespace kontain::krun::cli
