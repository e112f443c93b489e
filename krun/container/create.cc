#include "krun/container/create.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <ctime>

#include "krun/container/init.h"
#include "krun/container/teardown.h"
#include "krun/hooks/hooks.h"
#include "krun/sandbox/identity.h"
#include "krun/sandbox/mount_options.h"
#include "krun/sandbox/paths.h"
#include "krun/seccomp/profile.h"
#include "krun/spec/parse.h"
#include "krun/spec/reader.h"

namespace kontain::krun::container {
namespace {

std::string now_as_text() {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  tm parts;
  gmtime_r(&now.tv_sec, &parts);
  std::array<char, 64> text{};
  strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::array<char, 16> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%09ldZ", now.tv_nsec);
  return std::string(text.data()) + fraction.data();
}

// Without the name service: a static program has none.
std::string own_name() {
  const uid_t uid = getuid();
  return uid == 0 ? "root" : std::to_string(uid);
}

Result<std::string> real_path(const std::string& path, const char* what) {
  char* resolved = realpath(path.c_str(), nullptr);
  if (!resolved) return fail_errno(what, path, errno);
  std::string text = resolved;
  free(resolved);
  return text;
}

// km needs one in the container, and files of the image must not take its place. Of processes that are not the
// container's it shows what may be traced: each process sees itself.
Result<void> add_procfs(spec::Config& config) {
  const auto is_there = [](const spec::Mount& mount) { return sandbox::clean_path(mount.destination) == "/proc"; };
  if (std::ranges::any_of(config.mounts, is_there)) return {};
  spec::Mount procfs;
  procfs.destination = "/proc";
  procfs.type = "proc";
  procfs.source = "proc";
  procfs.options = {"nosuid", "noexec", "nodev"};
  if (!config.find_namespace(CLONE_NEWPID)) {
    // Root of a user namespace can mount that of a pid namespace below its own only (proc_init_fs_context).
    if (config.find_namespace(CLONE_NEWUSER)) {
      return fail("mounts", "/proc", "without a pid namespace and with a user namespace, one has to be bound there");
    }
    procfs.options.push_back("hidepid=ptraceable");
  }
  config.mounts.insert(config.mounts.begin(), procfs);
  return {};
}

Result<std::string> find_rootfs(const spec::Config& config, const std::string& bundle) {
  const std::string path = config.root_path[0] == '/' ? config.root_path : bundle + "/" + config.root_path;
  TRY_ASSIGN(std::string real, real_path(path, "root.path"));
  struct stat info;
  if (stat(real.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) return fail_errno("root.path", path, ENOTDIR);
  if (real == "/") return fail("root.path", path, "is the host's own root");
  return real;
}

// Removes a container that could not be completed.
class Undo {
 public:
  Undo(state::Folder& folder, state::State& state) : folder_(folder), state_(state) {}
  ~Undo() {
    if (!done_) remove_container(folder_, state_);
  }
  Undo(const Undo&) = delete;
  Undo& operator=(const Undo&) = delete;
  void keep() { done_ = true; }

 private:
  state::Folder& folder_;
  state::State& state_;
  bool done_ = false;
};

std::vector<sandbox::CgroupView> cgroup_views(const cgroup::Cgroup& cgroup) {
  std::vector<sandbox::CgroupView> views;
  for (const auto& [names, folder] : cgroup.folders()) {
    const bool named = names.rfind("name=", 0) == 0;
    views.push_back({named ? names.substr(5) : names, named ? "none," + names : names, folder});
  }
  return views;
}

Result<std::vector<UniqueFd>> make_idmapped_trees(const spec::Config& config) {
  std::vector<UniqueFd> trees(config.mounts.size());
  for (size_t i = 0; i < trees.size(); ++i) {
    const spec::Mount& mount = config.mounts[i];
    const sandbox::MountOptions options = sandbox::parse_mount_options(mount.options);
    const bool own = !mount.uid_mappings.empty() || !mount.gid_mappings.empty();
    if (!own && !options.idmap && !options.idmap_recursive) continue;
    const auto& uids = own ? mount.uid_mappings : config.linux_.uid_mappings;
    const auto& gids = own ? mount.gid_mappings : config.linux_.gid_mappings;
    if (uids.empty() || gids.empty()) return fail("mounts", mount.destination, "an idmapped mount needs mappings");
    TRY_ASSIGN(const UniqueFd user_namespace, sandbox::make_user_namespace(uids, gids));
    auto tree = sandbox::make_idmapped_tree(mount, user_namespace);
    if (!tree) return fail("idmapped mount", mount.destination, tree.error().message());
    trees[i] = std::move(*tree);
  }
  return trees;
}

Result<void> check_console(const CreateRequest& request, const spec::Process& process) {
  const bool has_socket = !request.console_socket.empty() || request.console;
  if (process.terminal && !has_socket) {
    return fail("process.terminal", "", "a detached container with a terminal needs --console-socket");
  }
  if (!process.terminal && !request.console_socket.empty()) {
    return fail("--console-socket", request.console_socket, "process.terminal is false");
  }
  return {};
}

Result<InitPlan> make_plan(CreateRequest& request, const Settings& settings, const spec::Config& config,
                           const state::State& state) {
  InitPlan plan;
  plan.config = &config;
  plan.rootfs = state.rootfs;
  plan.bundle = state.bundle;
  if (!request.no_new_keyring) plan.session = "_ses." + state.id;
  plan.pivot = request.no_pivot ? sandbox::Pivot::MoveMount : sandbox::Pivot::PivotRoot;
  plan.start.shares_mounts = state.mounts_before.has_value();
  if (plan.start.shares_mounts) plan.pivot = sandbox::Pivot::Chroot;
  TRY_ASSIGN(plan.start.annotations, monitor_annotations(settings, config));
  if (config.linux_.seccomp) {
    TRY_ASSIGN(seccomp::Program program, seccomp::compile(*config.linux_.seccomp));
    if (!program.filter.empty()) plan.start.seccomp_filters = {std::move(program.filter)};
    plan.start.seccomp_flags = program.flags;
  }
  plan.start.process = &*config.process;
  plan.start.preserve_fds = request.preserve_fds;
  TRY_ASSIGN(plan.monitor, launch::open_monitor(settings.km));
  TRY_ASSIGN(plan.namespaces, sandbox::open_namespaces(config.linux_.namespaces));
  TRY_ASSIGN(plan.mounts.idmapped, make_idmapped_trees(config));
  plan.mounts.has_cgroup_namespace = config.find_namespace(CLONE_NEWCGROUP) != nullptr;
  plan.mounts.is_user_namespaced = config.find_namespace(CLONE_NEWUSER) != nullptr;
  plan.mounts.cgroups = cgroup_views(state.cgroup);
  plan.mounts.label = sandbox::usable_mount_label(config.linux_.mount_label);
  if (!request.console_socket.empty()) {
    TRY_ASSIGN(request.console, console::connect_console_socket(request.console_socket));
  }
  plan.start.console_socket = request.console.get();
  return plan;
}

std::string hook_state_template(const state::State& state) {
  nlohmann::ordered_json shown = state::describe(state, state::Status::Created);
  shown["pid"] = "@PID@";
  shown["status"] = "@STATUS@";
  return shown.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

// The dialogue with the new process (channel.h).
Result<void> accompany(const Channel& channel, const spec::Config& config, state::Folder& folder, state::State& state) {
  TRY(channel.expect(Message::NeedMappings));
  if (config.makes_namespace(CLONE_NEWUSER)) {
    TRY(sandbox::write_mappings(state.pid, config.linux_.uid_mappings, config.linux_.gid_mappings));
  }
  if (const auto score = config.process->oom_score_adj) TRY(sandbox::set_oom_score(state.pid, *score));
  TRY(folder.write(state));
  TRY(channel.send(Message::Go));
  TRY(channel.expect(Message::RunHooks));
  // prestart hooks are from a time when they ran behind create, and expect what was true then.
  TRY(hooks::run_hooks(config.hooks.prestart, "prestart", hook_state(state, state::Status::Created), state.bundle));
  TRY(hooks::run_hooks(config.hooks.create_runtime, "createRuntime", hook_state(state, state::Status::Creating),
                       state.bundle));
  TRY(channel.send(Message::Go));
  TRY(channel.expect(Message::Ready));
  return {};
}

Result<state::State> first_state(const CreateRequest& request, const spec::Config& config, const std::string& bundle) {
  state::State state;
  state.id = request.id;
  state.bundle = bundle;
  TRY_ASSIGN(state.rootfs, find_rootfs(config, bundle));
  state.created_at = now_as_text();
  state.owner = own_name();
  state.version = config.version;
  state.has_private_pids = config.makes_namespace(CLONE_NEWPID);
  if (!config.find_namespace(CLONE_NEWNS)) {
    TRY_ASSIGN(state.mounts_before, sandbox::count_mounts_at(state.rootfs));
  }
  state.annotations.assign(config.annotations.begin(), config.annotations.end());
  TRY_ASSIGN(const cgroup::Layout layout, cgroup::detect_layout());
  TRY_ASSIGN(state.cgroup, cgroup::Cgroup::plan(layout, config.linux_.cgroups_path, request.id));
  return state;
}

Result<void> start_process(CreateRequest& request, const Settings& settings, const spec::Config& config,
                           state::Folder& folder, state::State& state) {
  TRY_ASSIGN(const UniqueFd claim, state.cgroup.claim(request.cgroups));
  state.owns_cgroup = true;
  TRY(folder.write(state));
  spec::Resources resources = config.linux_.resources;
  resources.devices = cgroup::with_default_devices(std::move(resources.devices));
  TRY(state.cgroup.apply(resources));
  TRY_ASSIGN(InitPlan plan, make_plan(request, settings, config, state));
  plan.hook_state = hook_state_template(state);
  TRY(folder.make_fifo());
  TRY_ASSIGN(plan.fifo, folder.open_fifo_to_wait());
  TRY_ASSIGN(plan.entrance, state.cgroup.open_entrance());
  TRY_ASSIGN(auto channels, Channel::make_pair());
  TRY_ASSIGN(state.pid, spawn_init(plan, channels.first, channels.second));
  channels.second.close();
  state.start_time = state::process_start_time(state.pid).value_or(0);
  auto accompanied = accompany(channels.first, config, folder, state);
  if (accompanied) return {};
  kill(state.pid, SIGKILL);
  while (waitpid(state.pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  return accompanied;
}

}  // namespace

std::string hook_state(const state::State& state, state::Status status) {
  return state::describe(state, status).dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

Result<spec::Config> load_config(const std::string& bundle, const std::string& config, std::string* text) {
  const std::string path = config[0] == '/' ? config : bundle + "/" + config;
  auto read = spec::read_file(path, spec::kLargestDocument);
  if (!read && read.error().errno_value == ENOENT) {
    return fail("JSON specification file " + config + " not found", "", errno_text(ENOENT));
  }
  if (!read) return tl::make_unexpected(read.error());
  if (text) *text = *read;
  return spec::parse_config(*read, config);
}

Result<void> write_pid_file(const std::string& path, pid_t pid) {
  if (path.empty()) return {};
  const std::string temporary = sandbox::parent_of(path[0] == '/' ? path : "./" + path) + "/." +
                                sandbox::name_of("/" + path) + "." + std::to_string(getpid());
  const UniqueFd fd(open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  const std::string text = std::to_string(pid);
  if (!fd || write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      rename(temporary.c_str(), path.c_str()) != 0) {
    return fail_errno("--pid-file", path, errno);
  }
  return {};
}

Result<state::State> create_container(CreateRequest& request, const Settings& settings) {
  TRY(state::check_id(request.id));
  TRY_ASSIGN(const std::string bundle, real_path(request.bundle, "bundle"));
  std::string text;
  TRY_ASSIGN(spec::Config config, load_config(bundle, request.config, &text));
  TRY(add_procfs(config));
  if (!config.process) return fail(request.config, "process", "is missing");
  TRY(check_console(request, *config.process));
  TRY_ASSIGN(state::State state, first_state(request, config, bundle));
  TRY_ASSIGN(state::Folder folder, state::Folder::make(request.root, request.id));
  Undo undo(folder, state);
  TRY(folder.lock());
  TRY(folder.write_file("config.json", text));
  TRY(folder.write(state));
  TRY(start_process(request, settings, config, folder, state));
  state.created = true;
  TRY(folder.write(state));
  TRY(write_pid_file(request.pid_file, state.pid));
  undo.keep();
  return state;
}

}  // namespace kontain::krun::container
