#include "krun/container/exec.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

#include "base/log.h"
#include "base/text.h"
#include "krun/container/attend.h"
#include "krun/container/channel.h"
#include "krun/container/create.h"
#include "krun/container/process_start.h"
#include "krun/sandbox/identity.h"
#include "krun/sandbox/namespaces.h"
#include "krun/sandbox/rootfs.h"
#include "krun/seccomp/profile.h"
#include "krun/spec/parse.h"
#include "krun/spec/reader.h"

namespace kontain::krun::container {
namespace {

struct ExecPlan {
  spec::Process process;
  ProcessStart start;
  cgroup::Entrance entrance;
  launch::Monitor monitor;
  std::vector<sandbox::OpenNamespace> namespaces;
  UniqueFd root;  // the container's, where no mount namespace leads to it
};

bool take_id(const std::string& text, uint32_t& id) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  return error == std::errc() && end == text.data() + text.size();
}

Result<void> set_user(spec::User& user, const std::string& text) {
  const size_t colon = text.find(':');
  const bool ok = take_id(text.substr(0, colon), user.uid) &&
                  (colon == std::string::npos || take_id(text.substr(colon + 1), user.gid));
  return ok ? Result<void>() : fail("--user", text, "UID[:GID] is expected");
}

Result<void> add_capabilities(spec::Process& process, const std::vector<std::string>& names) {
  if (!names.empty() && !process.capabilities) process.capabilities.emplace();
  for (const std::string& name : names) {
    const int number = spec::capability_number(name);
    if (number < 0) return fail("--cap", name, "no such capability");
    const uint64_t bit = uint64_t{1} << number;
    spec::Capabilities& sets = *process.capabilities;
    for (uint64_t* set : {&sets.bounding, &sets.effective, &sets.permitted}) *set |= bit;
    // What is inheritable and ambient in the container's own process stays as it is there.
  }
  return {};
}

Result<spec::Process> process_of(const ExecRequest& request, const spec::Config& config) {
  if (!request.process_file.empty()) {
    TRY_ASSIGN(const std::string text, spec::read_file(request.process_file, spec::kLargestDocument));
    TRY_ASSIGN(spec::Process process, spec::parse_process(text, request.process_file));
    if (!process.capabilities) process.capabilities = config.process->capabilities;
    return process;
  }
  spec::Process process = *config.process;
  process.terminal = request.terminal.value_or(false);
  process.arguments = request.arguments;
  if (process.arguments.empty()) return fail("exec", "", "a command is expected");
  if (!request.cwd.empty()) process.cwd = request.cwd;
  for (const std::string& entry : request.environment) process.environment.push_back(entry);
  if (!request.user.empty()) TRY(set_user(process.user, request.user));
  for (const uint32_t gid : request.additional_gids) process.user.additional_gids.push_back(gid);
  if (request.no_new_privileges) process.no_new_privileges = *request.no_new_privileges;
  if (!request.apparmor_profile.empty()) process.apparmor_profile = request.apparmor_profile;
  if (!request.process_label.empty()) process.selinux_label = request.process_label;
  TRY(add_capabilities(process, request.capabilities));
  return process;
}

// Nothing of the host's stays open beside what this process works with.
void keep_own_descriptors(const ExecPlan& plan, const Channel& channel) {
  std::vector<int> kept = {channel.fd(), plan.monitor.km.get(), plan.monitor.kvm.get(), plan.start.console_socket};
  if (plan.root) kept.push_back(plan.root.get());
  for (const sandbox::OpenNamespace& entry : plan.namespaces) kept.push_back(entry.fd.get());
  keep_only(std::move(kept), first_closed_fd(plan.start));
}

Result<launch::Payload> set_up(ExecPlan& plan, const Channel& channel) {
  const auto entered = plan.entrance.enter();
  keep_own_descriptors(plan, channel);
  // What went wrong is said when it is listened to.
  TRY(channel.expect(Message::Go));
  TRY(entered);
  if (setsid() < 0 && errno != EPERM) return fail_errno("setsid", "", errno);
  if (!plan.process.initial_cpu_affinity.empty()) TRY(sandbox::set_cpu_affinity(plan.process.initial_cpu_affinity));
  TRY(apply_limits(plan.process));
  constexpr int kAll = CLONE_NEWUSER | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET | CLONE_NEWCGROUP | CLONE_NEWNS;
  TRY(sandbox::join_namespaces(plan.namespaces, kAll));
  static_cast<void>(syscall(SYS_setresgid, 0, 0, 0));
  static_cast<void>(syscall(SYS_setresuid, 0, 0, 0));
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  // The namespaces of the host are of no more use, and nothing of the host's is to be open inside.
  plan.namespaces.clear();
  if (plan.root) TRY(sandbox::enter_root(plan.root, sandbox::Pivot::Chroot));
  plan.root.reset();
  const UniqueFd root(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return fail_errno("open", "/", errno);
  TRY(set_up_terminal(root.get(), plan.start));
  if (!plan.process.final_cpu_affinity.empty()) TRY(sandbox::set_cpu_affinity(plan.process.final_cpu_affinity));
  return become_process(plan.start, false);
}

[[noreturn]] void run_child(ExecPlan& plan, Channel& channel) {
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  auto payload = set_up(plan, channel);
  if (!payload) {
    static_cast<void>(channel.send_failure(payload.error()));
    _exit(1);
  }
  if (!channel.send(Message::Ready)) _exit(1);
  channel.close();
  print_error(launch::execute(plan.monitor, *payload, first_closed_fd(plan.start)));
  _exit(125);
}

// A user without privileges has the right to only from inside the user namespace, which then is joined already.
Result<void> join_for_children(ExecPlan& plan) {
  constexpr int kForChildren = CLONE_NEWPID | CLONE_NEWTIME;
  if (sandbox::join_namespaces(plan.namespaces, kForChildren)) return {};
  TRY(sandbox::join_namespaces(plan.namespaces, CLONE_NEWUSER | kForChildren));
  std::erase_if(plan.namespaces, [](const sandbox::OpenNamespace& entry) { return entry.flag == CLONE_NEWUSER; });
  return {};
}

// A helper joins what holds for children only; its child is ours.
Result<pid_t> spawn(ExecPlan& plan, Channel& ours, Channel& theirs) {
  const pid_t helper = fork();
  if (helper < 0) return fail_errno("fork", "", errno);
  if (helper == 0) {
    const auto joined = join_for_children(plan);
    const pid_t pid = joined ? plan.entrance.clone(CLONE_PARENT) : -1;
    if (pid == 0) {
      ours.close();
      run_child(plan, theirs);
    }
    static_cast<void>(
        pid > 0 ? theirs.send(Message::Pid, std::to_string(pid))
                : theirs.send_failure(joined ? Error{"clone", "", errno_text(errno), errno} : joined.error()));
    _exit(0);
  }
  const auto text = ours.expect(Message::Pid);
  while (waitpid(helper, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (!text) return tl::make_unexpected(text.error());
  return static_cast<pid_t>(std::atoi(text->c_str()));
}

Result<void> accompany(const ExecRequest& request, const spec::Process& process, pid_t pid, const Channel& channel) {
  if (process.oom_score_adj) TRY(sandbox::set_oom_score(pid, *process.oom_score_adj));
  TRY(channel.send(Message::Go));
  TRY(channel.expect(Message::Ready));
  return write_pid_file(request.pid_file, pid);
}

Result<void> check_state(const state::State& state, const state::Folder& folder, const ExecRequest& request) {
  const state::Status status = state::status_of(state, folder);
  if (status == state::Status::Paused && !request.ignore_paused) {
    return fail("cannot exec in a paused container (use --ignore-paused to override)", "", "");
  }
  if (status == state::Status::Stopped) return fail("cannot exec in a stopped container", "", "");
  if (status == state::Status::Creating) return fail("cannot exec in a container that is being created", "", "");
  return {};
}

Result<void> prepare(const ExecRequest& request, const Settings& settings, const state::State& state,
                     const spec::Config& config, ExecPlan& plan) {
  TRY_ASSIGN(plan.process, process_of(request, config));
  plan.start.process = &plan.process;
  plan.start.preserve_fds = request.preserve_fds;
  TRY_ASSIGN(plan.start.annotations, monitor_annotations(settings, config));
  if (config.linux_.seccomp) {
    TRY_ASSIGN(seccomp::Program program, seccomp::compile(*config.linux_.seccomp));
    if (!program.filter.empty()) plan.start.seccomp_filters = {std::move(program.filter)};
    plan.start.seccomp_flags = program.flags;
  }
  TRY_ASSIGN(plan.monitor, launch::open_monitor(settings.km));
  const std::string sub = request.cgroup.empty() ? state.cgroup.sub_beside(state.pid) : request.cgroup;
  TRY_ASSIGN(plan.entrance, state.cgroup.open_entrance(sub));
  TRY_ASSIGN(plan.namespaces, sandbox::open_namespaces_of(state.pid));
  plan.start.shares_mounts = state.mounts_before.has_value();
  if (plan.start.shares_mounts) {
    TRY_ASSIGN(plan.root, sandbox::open_root_of(state.pid));
  }
  // The process may have ended, and its number may be another's: what was opened is of the one that is alive now.
  if (state::process_start_time(state.pid) != state.start_time)
    return fail("cannot exec in a stopped container", "", "");
  return {};
}

struct TerminalPath {
  UniqueFd to_child;  // where the child sends its master
  UniqueFd relay;     // where we receive it, when nobody else does
};

Result<TerminalPath> open_terminal_path(const ExecRequest& request, const spec::Process& process) {
  TerminalPath path;
  if (!process.terminal) return path;
  if (!request.console_socket.empty()) {
    TRY_ASSIGN(path.to_child, console::connect_console_socket(request.console_socket));
    return path;
  }
  if (request.detach) return fail("process.terminal", "", "a detached process with a terminal needs --console-socket");
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return fail_errno("socketpair", "", errno);
  path.relay.reset(ends[0]);
  path.to_child.reset(ends[1]);
  return path;
}

}  // namespace

Result<int> exec_in_container(ExecRequest& request, const Settings& settings) {
  TRY_ASSIGN(const state::Folder folder, state::Folder::open(request.root, request.id));
  TRY_ASSIGN(const state::State state, folder.read());
  TRY(check_state(state, folder, request));
  TRY_ASSIGN(const spec::Config config, load_config(folder.path(), "config.json"));
  if (!config.process) return fail("exec", request.id, "the container has no process");
  ExecPlan plan;
  TRY(prepare(request, settings, state, config, plan));
  TRY_ASSIGN(TerminalPath terminal, open_terminal_path(request, plan.process));
  plan.start.console_socket = terminal.to_child.get();
  std::optional<HeldSignals> signals;
  if (!request.detach) signals.emplace();
  TRY_ASSIGN(auto channels, Channel::make_pair());
  TRY_ASSIGN(const pid_t pid, spawn(plan, channels.first, channels.second));
  channels.second.close();
  terminal.to_child.reset();
  if (auto ready = accompany(request, plan.process, pid, channels.first); !ready) {
    kill(pid, SIGKILL);
    while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    return tl::make_unexpected(ready.error());
  }
  if (request.detach) return 0;
  UniqueFd master;
  if (terminal.relay) {
    TRY_ASSIGN(master, console::receive_descriptor(terminal.relay.get()));
  }
  return attend(pid, *signals, std::move(master));
}

}  // namespace kontain::krun::container
