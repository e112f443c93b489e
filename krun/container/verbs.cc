#include "krun/container/verbs.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

#include "base/log.h"
#include "krun/console/console.h"
#include "krun/container/attend.h"
#include "krun/container/teardown.h"
#include "krun/hooks/hooks.h"

namespace kontain::krun::container {
namespace {

constexpr int kKillPatience = 10'000;  // milliseconds

// A container whose lock is held, and what it was when it was taken.
struct Held {
  state::Folder folder;
  state::State state;
  state::Status status;
};

Result<Held> hold(const std::string& root, const std::string& id) {
  TRY_ASSIGN(state::Folder folder, state::Folder::open(root, id));
  TRY(folder.lock());
  TRY_ASSIGN(state::State state, folder.read());
  const state::Status status = state::status_of(state, folder);
  return Held{std::move(folder), std::move(state), status};
}

tl::unexpected<Error> wrong_status(const char* verb, const Held& held) {
  return fail(std::string("cannot ") + verb + " a container in the " + state::status_name(held.status) + " state", "",
              "");
}

// The init process, so that a number that is another process's by now is never hit.
Result<UniqueFd> open_init(const state::State& state) {
  UniqueFd fd(static_cast<int>(syscall(SYS_pidfd_open, state.pid, 0)));
  if (!fd || state::process_start_time(state.pid) != state.start_time) {
    return fail("container not running", "", "");
  }
  return fd;
}

Result<void> send_signal(const UniqueFd& process, int signal) {
  if (syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0) == 0) return {};
  return errno == ESRCH ? fail("container not running", "", "") : fail_errno("kill", "", errno);
}

void run_poststart_hooks(const Held& held) {
  const auto config = load_config(held.folder.path(), "config.json");
  if (!config) return;
  const std::string text = hook_state(held.state, state::Status::Running);
  // runtime-spec, "Lifecycle": one that fails is a warning, and those behind it run.
  for (const spec::Hook& hook : config->hooks.poststart) {
    if (auto ran = hooks::run_hooks({hook}, "poststart", text, held.state.bundle); !ran) {
      print_warning(ran.error().message());
    }
  }
}

Result<state::Begun> begin(const std::string& root, const std::string& id) {
  TRY_ASSIGN(Held held, hold(root, id));
  if (held.status == state::Status::Stopped) return fail("cannot start a container that has stopped", "", "");
  if (held.status != state::Status::Created) return fail("cannot start an already running container", "", "");
  TRY_ASSIGN(const state::Begun begun, held.folder.signal_start(held.state.pid));
  if (begun == state::Begun::Yes) run_poststart_hooks(held);
  return begun;
}

// Why, the process itself has said.
tl::unexpected<Error> never_began() { return fail("container process ended before its program could begin", "", ""); }

Result<void> end_init(Held& held) {
  if (held.status == state::Status::Stopped || held.state.pid == 0) return {};
  const auto init = open_init(held.state);
  if (!init) return {};
  TRY(send_signal(*init, SIGKILL));
  if (held.status == state::Status::Paused) static_cast<void>(held.state.cgroup.thaw());
  pollfd entry = {init->get(), POLLIN, 0};
  while (poll(&entry, 1, kKillPatience) < 0 && errno == EINTR) {
  }
  return {};
}

Result<void> delete_held(Held& held, Force force) {
  const bool ended = held.status == state::Status::Stopped;
  if (!ended && force == Force::No) {
    return fail("cannot delete container " + held.folder.id() + " that is not stopped", state::status_name(held.status),
                "");
  }
  if (!ended) TRY(end_init(held));
  return delete_container(held.folder, held.state);
}

}  // namespace

Result<int> run_container(RunRequest& request, const Settings& settings) {
  const std::string root = request.create.root;
  const std::string id = request.create.id;
  UniqueFd relay;
  std::optional<HeldSignals> signals;
  std::optional<pid_t> parent;
  if (!request.detach) {
    signals.emplace();
    if (request.die_with_parent) parent = follow_parent();
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    TRY_ASSIGN(const spec::Config config, load_config(request.create.bundle, request.create.config));
    if (config.process && config.process->terminal && request.create.console_socket.empty()) {
      int ends[2];
      if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return fail_errno("socketpair", "", errno);
      relay.reset(ends[0]);
      request.create.console.reset(ends[1]);
    }
  }
  TRY_ASSIGN(const state::State state, create_container(request.create, settings));
  request.create.console.reset();
  UniqueFd master;
  if (relay) {
    TRY_ASSIGN(master, console::receive_descriptor(relay.get()));
  }
  const auto begun = begin(root, id);
  if (!begun || (request.detach && *begun == state::Begun::No)) {
    static_cast<void>(delete_by_id(root, id, Force::Yes));
    return begun ? never_began() : tl::make_unexpected(begun.error());
  }
  if (request.detach) return 0;
  TRY_ASSIGN(const int status, attend(state.pid, *signals, std::move(master), parent));
  if (!request.keep) TRY(delete_by_id(root, id, Force::Yes));
  return status;
}

Result<void> start_container(const std::string& root, const std::string& id) {
  TRY_ASSIGN(const state::Begun begun, begin(root, id));
  return begun == state::Begun::Yes ? Result<void>() : never_began();
}

Result<int> parse_signal(const std::string& signal) {
  int number = 0;
  const auto [end, error] = std::from_chars(signal.data(), signal.data() + signal.size(), number);
  if (error == std::errc() && end == signal.data() + signal.size() && number >= 0 && number < NSIG) return number;
  std::string name = signal;
  for (char& c : name) c = static_cast<char>(toupper(c));
  if (name.rfind("SIG", 0) == 0) name.erase(0, 3);
  for (number = 1; number < NSIG; ++number) {
    const char* known = sigabbrev_np(number);
    if (known && name == known) return number;
  }
  if (name == "RTMIN" || name == "RTMAX") return name == "RTMIN" ? SIGRTMIN : SIGRTMAX;
  return fail("kill", signal, "unknown signal");
}

Result<void> kill_container(const std::string& root, const std::string& id, const KillOptions& options) {
  TRY_ASSIGN(Held held, hold(root, id));
  const std::vector<pid_t> all = options.all ? held.state.cgroup.processes() : std::vector<pid_t>();
  for (const pid_t pid : all) kill(pid, options.signal);
  const bool has_ended = held.status == state::Status::Stopped || held.state.pid == 0;
  if (!all.empty() || (options.all && has_ended)) return {};
  // Not all, or there is no cgroup to find them in: the first one, whose pid namespace ends with it.
  if (has_ended) return fail("container not running", "", "");
  TRY_ASSIGN(const UniqueFd init, open_init(held.state));
  TRY(send_signal(init, options.signal));
  if (options.signal != SIGKILL) return {};
  if (held.status == state::Status::Paused) static_cast<void>(held.state.cgroup.thaw());
  // Without a pid namespace of its own the container's other processes do not end with the first.
  return held.state.has_private_pids ? Result<void>() : held.state.cgroup.kill_all(SIGKILL);
}

Result<void> delete_by_id(const std::string& root, const std::string& id, Force force) {
  auto held = hold(root, id);
  if (held) return delete_held(*held, force);
  // A state that cannot be read is in nobody's way.
  auto folder = state::Folder::open(root, id);
  if (!folder && force == Force::Yes && state::check_id(id)) return {};
  if (folder && force == Force::Yes) {
    folder->remove();
    return {};
  }
  return tl::make_unexpected(held.error());
}

Result<void> pause_container(const std::string& root, const std::string& id) {
  TRY_ASSIGN(const Held held, hold(root, id));
  if (held.status != state::Status::Running && held.status != state::Status::Created)
    return wrong_status("pause", held);
  return held.state.cgroup.freeze();
}

Result<void> resume_container(const std::string& root, const std::string& id) {
  TRY_ASSIGN(const Held held, hold(root, id));
  if (held.status != state::Status::Paused) return wrong_status("resume", held);
  return held.state.cgroup.thaw();
}

Result<void> update_container(const std::string& root, const std::string& id, const spec::Resources& resources) {
  TRY_ASSIGN(const Held held, hold(root, id));
  if (held.status == state::Status::Stopped) return wrong_status("update", held);
  return held.state.cgroup.apply(resources);
}

Result<Known> look_up(const std::string& root, const std::string& id) {
  TRY_ASSIGN(const state::Folder folder, state::Folder::open(root, id));
  TRY_ASSIGN(state::State state, folder.read());
  const state::Status status = state::status_of(state, folder);
  return Known{std::move(state), status};
}

std::vector<Known> look_up_all(const std::string& root) {
  std::vector<Known> known;
  for (const std::string& id : state::list(root)) {
    if (auto found = look_up(root, id)) known.push_back(std::move(*found));
  }
  return known;
}

Result<std::vector<pid_t>> processes_of(const std::string& root, const std::string& id) {
  TRY_ASSIGN(const Known known, look_up(root, id));
  return known.state.cgroup.processes();
}

Result<Watch> watch_container(const std::string& root, const std::string& id) {
  TRY_ASSIGN(const Known known, look_up(root, id));
  if (known.status == state::Status::Stopped) return fail("container not running", "", "");
  Watch watch;
  TRY_ASSIGN(watch.init, open_init(known.state));
  if (!known.state.cgroup.folder_of("memory").empty()) {
    TRY_ASSIGN(watch.oom, cgroup::OomWatch::create(known.state.cgroup));
  }
  return watch;
}

Result<nlohmann::json> statistics_of(const std::string& root, const std::string& id) {
  TRY_ASSIGN(const Known known, look_up(root, id));
  if (known.status == state::Status::Stopped) return fail("container not running", "", "");
  return known.state.cgroup.statistics();
}

}  // namespace kontain::krun::container
