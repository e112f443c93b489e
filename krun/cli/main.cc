// krun: an OCI runtime whose every container process is a virtual machine.
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include "base/log.h"
#include "base/version.h"
#include "krun/cli/elsewhere.h"
#include "krun/cli/verbs.h"
#include "krun/state/state.h"

namespace kontain::krun::cli {
namespace {

const CLI::IsMember kRootless({"true", "false", "auto"});
const CLI::IsMember kCgroupManagers({"cgroupfs", "systemd", "disabled"});

void add_global_options(CLI::App& app, Global& global) {
  app.add_option("--root", global.root, "folder of the containers' state");
  app.add_option("--log", global.log.path, "file for error messages");
  app.add_option("--log-format", global.log_format, "text or json")->check(CLI::IsMember({"text", "json"}));
  app.add_flag("--debug", global.debug, "log each invocation and its end as well");
  app.add_flag("--systemd-cgroup", global.systemd_cgroup, "systemd's cgroup driver: an error");
  app.add_option("--cgroup-manager", global.cgroup_manager, "cgroupfs, disabled, or systemd, which is an error")
      ->check(kCgroupManagers);
  app.add_option("--rootless", global.rootless, "go on without cgroups that may not be made: true, false or auto")
      ->check(kRootless);
  app.add_option("--criu", global.criu, "accepted, of no consequence: checkpoints are km's");
  app.add_option("--settings", global.settings_file, "in place of /etc/kontain/krun.json");
}

cgroup::Presence cgroups_of(const Global& global) {
  if (global.cgroup_manager == "disabled") return cgroup::Presence::None;
  const bool rootless = global.rootless == "auto" ? !state::is_host_root() : global.rootless == "true";
  return rootless ? cgroup::Presence::IfAllowed : cgroup::Presence::Required;
}

Result<void> check_global(Global& global) {
  TRY(open_log(global.log));
  if (global.systemd_cgroup || global.cgroup_manager == "systemd") {
    return fail("systemd cgroup driver", "", "not supported yet; configure the engine for cgroupfs");
  }
  global.cgroups = cgroups_of(global);
  if (!global.root.empty() && global.root[0] != '/') {
    char* folder = getcwd(nullptr, 0);
    global.root = std::string(folder ? folder : "") + "/" + global.root;
    free(folder);
  }
  return {};
}

std::string version_text() { return version_line("krun") + "\ncommit: " + git_sha() + "\nspec: 1.2.0"; }

void add_verbs(CLI::App& app, Invocation& invocation) {
  add_lifecycle(app, invocation);
  add_exec(app, invocation);
  add_inspection(app, invocation);
  add_update(app, invocation);
  add_events(app, invocation);
  add_checkpoints(app, invocation);
  add_documents(app, invocation);
}

Result<int> act(Invocation& invocation, const CLI::App& app, char** argv) {
  TRY(check_global(invocation.global));
  if (is_label_trigger(argv[0])) {
    TRY(hand_over(invocation, *app.get_subcommands().front(), argv));
  }
  if (invocation.global.root.empty()) invocation.global.root = state::default_root();
  return invocation.run();
}

int main_of_krun(int argc, char** argv) {
  // Nobody may look into this process, nor into the container's before it is km (CVE-2016-9962, CVE-2019-5736).
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  set_tool_name("krun");
  Invocation invocation;
  CLI::App app("An OCI runtime whose every process is a virtual machine", "krun");
  app.set_version_flag("-v,--version", version_text());
  app.require_subcommand(1);
  add_global_options(app, invocation.global);
  add_verbs(app, invocation);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kFailed;
  }
  Log& log = invocation.global.log;
  if (invocation.global.log_format == "json") log.format = LogFormat::Json;
  if (invocation.global.debug) log_debug(log, "called as", {argv, argv + argc});
  const auto status = act(invocation, app, argv);
  if (!status) report(log, status.error());
  const int code = status ? *status : invocation.failure;
  if (invocation.global.debug) log_debug(log, "ends with status", {std::to_string(code)});
  return code;
}

}  // namespace
}  // namespace kontain::krun::cli

int main(int argc, char** argv) { return kontain::krun::cli::main_of_krun(argc, argv); }
