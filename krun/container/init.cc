#include "krun/container/init.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/log.h"
#include "krun/hooks/hooks.h"
#include "krun/state/state.h"

namespace kontain::krun::container {
namespace {

// Those that clone(2) makes. A time namespace is for children, and a cgroup namespace shows as its root the cgroup that
// the process is in when it is made: both need another moment.
constexpr int kMadeByClone = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET | CLONE_NEWNS;
constexpr int kJoinedByHelper =
    CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET | CLONE_NEWTIME;

int new_namespaces(const spec::Config& config) {
  int flags = 0;
  for (const spec::Namespace& entry : config.linux_.namespaces) {
    if (entry.path.empty()) flags |= entry.flag;
  }
  return flags;
}

Result<void> exchange(const Channel& channel, Message message) {
  TRY(channel.send(message));
  TRY(channel.expect(Message::Go));
  return {};
}

// Signals as a program expects to be born with.
void reset_signals() {
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

Result<void> enter_namespaces(const InitPlan& plan, const Channel& channel) {
  const bool maps = plan.config->makes_namespace(CLONE_NEWUSER);
  // newuidmap(1) looks at the owner of /proc/PID, which is root's as long as nobody may look into the process. There is
  // nothing to be seen in it yet.
  const bool shows = maps && geteuid() != 0;
  if (shows) prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  TRY(exchange(channel, Message::NeedMappings));
  if (shows) prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  if (plan.config->find_namespace(CLONE_NEWUSER)) {
    // Root of the namespace, where it has one.
    static_cast<void>(syscall(SYS_setresgid, 0, 0, 0));
    static_cast<void>(syscall(SYS_setresuid, 0, 0, 0));
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  }
  if (plan.config->makes_namespace(CLONE_NEWCGROUP) && unshare(CLONE_NEWCGROUP) != 0) {
    return fail_errno("cgroup namespace", "", errno);
  }
  return sandbox::join_namespaces(plan.namespaces, CLONE_NEWNS | CLONE_NEWCGROUP);
}

Result<void> name_host(const spec::Config& config) {
  if (!config.hostname.empty() && sethostname(config.hostname.data(), config.hostname.size()) != 0) {
    return fail_errno("sethostname", config.hostname, errno);
  }
  if (!config.domainname.empty() && setdomainname(config.domainname.data(), config.domainname.size()) != 0) {
    return fail_errno("setdomainname", config.domainname, errno);
  }
  return {};
}

std::string hook_state_of_this(const InitPlan& plan, const char* status) {
  std::string text = plan.hook_state;
  const auto replace = [&text](const std::string& from, const std::string& to) {
    if (const size_t at = text.find(from); at != std::string::npos) text.replace(at, from.size(), to);
  };
  replace("\"@PID@\"", std::to_string(getpid()));
  replace("@STATUS@", status);
  return text;
}

Result<void> build_root(InitPlan& plan, const Channel& channel, UniqueFd& root) {
  const spec::Config& config = *plan.config;
  TRY_ASSIGN(root, plan.start.shares_mounts ? sandbox::prepare_shared_root(plan.rootfs)
                                            : sandbox::prepare_root(plan.rootfs, config.linux_.rootfs_propagation));
  plan.mounts.root = root.get();
  TRY(sandbox::make_mounts(plan.mounts, config.mounts));
  if (!sandbox::has_foreign_dev(config.mounts)) {
    TRY(sandbox::make_devices(root.get(), config.linux_.devices, plan.mounts.is_user_namespaced));
  }
  TRY(exchange(channel, Message::RunHooks));
  TRY(hooks::run_hooks(config.hooks.create_container, "createContainer", hook_state_of_this(plan, "created"),
                       plan.bundle));
  TRY(set_up_terminal(root.get(), plan.start));
  for (const std::string& path : config.linux_.masked_paths) TRY(sandbox::mask_path(root.get(), path));
  TRY(sandbox::cover_foreign_proc(root.get()));
  for (const std::string& path : config.linux_.readonly_paths) TRY(sandbox::make_path_readonly(root.get(), path));
  return {};
}

// Nothing of the host's stays open beside what the container's process works with.
void keep_own_descriptors(const InitPlan& plan, const Channel& channel) {
  std::vector<int> kept = {channel.fd(), plan.fifo.get(), plan.monitor.km.get(), plan.monitor.kvm.get(),
                           plan.start.console_socket};
  for (const sandbox::OpenNamespace& entry : plan.namespaces) kept.push_back(entry.fd.get());
  for (const UniqueFd& tree : plan.mounts.idmapped) kept.push_back(tree.get());
  keep_only(std::move(kept), first_closed_fd(plan.start));
}

Result<launch::Payload> set_up(InitPlan& plan, const Channel& channel) {
  const spec::Config& config = *plan.config;
  TRY(plan.entrance.enter());
  keep_own_descriptors(plan, channel);
  TRY(enter_namespaces(plan, channel));
  if (setsid() < 0 && errno != EPERM) return fail_errno("setsid", "", errno);
  if (!plan.session.empty()) {
    constexpr int kJoinSessionKeyring = 1;
    syscall(SYS_keyctl, kJoinSessionKeyring, plan.session.c_str());
  }
  if (config.makes_namespace(CLONE_NEWNET)) TRY(sandbox::bring_loopback_up());
  TRY(name_host(config));
  TRY(sandbox::set_sysctls(config.linux_.sysctl, config));
  TRY(apply_limits(*config.process));
  UniqueFd root;
  TRY(build_root(plan, channel, root));
  TRY(sandbox::enter_root(root, plan.pivot));
  TRY(sandbox::finish_root(config.linux_.rootfs_propagation, config.root_readonly));
  return become_process(plan.start, true);
}

Result<void> wait_for_start(const UniqueFd& fifo) {
  for (;;) {
    pollfd entry = {fifo.get(), POLLIN, 0};
    if (poll(&entry, 1, -1) < 0 && errno != EINTR) return fail_errno("wait for start", "", errno);
    char go = 0;
    const ssize_t count = read(fifo.get(), &go, 1);
    if (count == 1) {
      state::stop_waiting(fifo);
      return {};
    }
    if (count < 0 && errno != EAGAIN && errno != EINTR) return fail_errno("wait for start", "", errno);
    if (count == 0) usleep(1000);  // somebody opened and closed it
  }
}

// A program of the image: it runs as the payload does, in a virtual machine of its own.
Result<void> run_start_hook(const InitPlan& plan, const spec::Hook& hook, const launch::Payload& like) {
  TRY_ASSIGN(const int input, hooks::make_input(hook_state_of_this(plan, "created")));
  const UniqueFd state(input);
  const pid_t pid = fork();
  if (pid < 0) return fail_errno("startContainer hook", hook.path, errno);
  if (pid == 0) {
    dup2(state.get(), STDIN_FILENO);
    launch::Payload payload = like;
    payload.arguments = hook.arguments;
    payload.environment = hook.environment;
    payload.program = hook.path;
    print_error(launch::execute(plan.monitor, payload, STDERR_FILENO + 1));
    _exit(127);
  }
  const UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  pollfd entry = {process.get(), POLLIN, 0};
  int ended = 0;
  while ((ended = poll(&entry, 1, hooks::milliseconds_for(hook))) < 0 && errno == EINTR) {
  }
  if (ended == 0) kill(pid, SIGKILL);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (ended == 0) return fail("startContainer hook", hook.path, "ran past its timeout");
  if (status != 0) return fail("startContainer hook", hook.path, "failed");
  return {};
}

[[noreturn]] void run_init(InitPlan& plan, Channel& channel) {
  reset_signals();
  auto payload = set_up(plan, channel);
  if (!payload) {
    static_cast<void>(channel.send_failure(payload.error()));
    _exit(1);
  }
  if (!channel.send(Message::Ready)) _exit(1);
  channel.close();
  if (auto waited = wait_for_start(plan.fifo); !waited) _exit(1);
  for (const spec::Hook& hook : plan.config->hooks.start_container) {
    if (auto ran = run_start_hook(plan, hook, *payload); !ran) {
      print_error(ran.error());
      _exit(1);
    }
  }
  payload->starter_fd = plan.fifo.get();
  print_error(launch::execute(plan.monitor, *payload, first_closed_fd(plan.start)));
  _exit(125);
}

// Joins what has to be joined first, then makes the process as a sibling of its own.
// Its own channel, because the new process may have spoken before.
[[noreturn]] void run_helper(InitPlan& plan, Channel& ours, Channel& theirs, const Channel& answer, int flags) {
  const auto give_up = [&](const Error& error) {
    static_cast<void>(answer.send_failure(error));
    _exit(1);
  };
  // Namespaces of the host's may be closed to a user namespace, and those of a pod open to it alone: what cannot be
  // joined before is joined behind.
  int later = 0;
  for (const int flag : {CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWNET, CLONE_NEWPID, CLONE_NEWTIME}) {
    if (!sandbox::join_namespaces(plan.namespaces, flag)) later |= flag;
  }
  if (auto joined = sandbox::join_namespaces(plan.namespaces, later | CLONE_NEWUSER); !joined) give_up(joined.error());
  if (plan.config->makes_namespace(CLONE_NEWTIME)) {
    if (auto made = sandbox::make_time_namespace(plan.config->linux_.time_offsets); !made) give_up(made.error());
  }
  const pid_t pid = plan.entrance.clone(flags | CLONE_PARENT);
  if (pid < 0) give_up({"clone", "", errno_text(errno), errno});
  if (pid == 0) {
    ours.close();
    run_init(plan, theirs);
  }
  _exit(answer.send(Message::Pid, std::to_string(pid)) ? 0 : 1);
}

Result<pid_t> spawn_through_helper(InitPlan& plan, Channel& ours, Channel& theirs, int flags) {
  TRY_ASSIGN(auto answers, Channel::make_pair());
  const pid_t helper = fork();
  if (helper < 0) return fail_errno("fork", "", errno);
  if (helper == 0) run_helper(plan, ours, theirs, answers.second, flags);
  answers.second.close();
  const auto text = answers.first.expect(Message::Pid);
  while (waitpid(helper, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (!text) return tl::make_unexpected(text.error());
  return static_cast<pid_t>(std::atoi(text->c_str()));
}

}  // namespace

Result<pid_t> spawn_init(InitPlan& plan, Channel& ours, Channel& theirs) {
  const int made = new_namespaces(*plan.config);
  const int flags = made & kMadeByClone;
  bool needs_helper = (made & CLONE_NEWTIME) != 0;
  for (const sandbox::OpenNamespace& entry : plan.namespaces) needs_helper |= (entry.flag & kJoinedByHelper) != 0;
  if (needs_helper) return spawn_through_helper(plan, ours, theirs, flags);
  const pid_t pid = plan.entrance.clone(flags);
  if (pid < 0) return fail_errno("clone", "", errno);
  if (pid == 0) {
    ours.close();
    run_init(plan, theirs);
  }
  return pid;
}

}  // namespace kontain::krun::container
