// A start that was ordered from outside a container (base/abi/start_order.h): what km needs is open already, and every
// name inside is the image's.
#include <fcntl.h>
#include <unistd.h>

#include "base/procfs.h"
#include "km/run/monitor.h"
#include "km/run/monitor_state.h"
#include "km/run/program_search.h"
#include "km/signal/host_signals.h"

extern char** environ;

namespace kontain::run {
namespace {

tl::unexpected<load::LoadError> failed(Error error) {
  return tl::make_unexpected(load::LoadError{std::move(error), kExitMonitorFailed, EIO});
}

Result<config::Options> options_of(const abi::StartOrder& order) {
  config::Sources sources;
  // What an administrator sets for all containers comes with the order: the file system here is the image's.
  sources.administrator_file.clear();
  for (const auto& [name, value] : order.annotations) sources.annotations[name] = value;
  std::string km = "km";
  std::string end = "--";
  std::string program = order.program;
  char* argv[] = {km.data(), end.data(), program.data(), nullptr};
  return config::parse_command_line(3, argv, sources);
}

// The monitor's state as an exec would hand it over.
Handover state_of(const abi::StartOrder& order, const config::Options& options) {
  Handover state;
  state.signal_mask = signal::inherited_mask();
  state.seccomp_filters = order.seccomp_filters;
  state.kvm_fd = order.kvm_fd;
  state.self_fd = order.self_fd;
  state.registry_fd = order.registry_fd;
  state.procfs_fd = held_procfs();
  if (options.trace_filter) state.trace_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
  return state;
}

bool close_on_exec(int number) { return number < 0 || fcntl(number, F_SETFD, FD_CLOEXEC) == 0; }

// What is wrong with the program is the end of a run; what is wrong with us is none.
tl::unexpected<load::LoadError> not_run(const abi::StartOrder& order, const load::LoadError& error) {
  if (order.starter_fd >= 0 && error.exit_status != kExitMonitorFailed) tell_begun(order.starter_fd);
  return tl::make_unexpected(error);
}

}  // namespace

load::Loaded<Outcome> run_ordered(abi::StartOrder order, char** argv) {
  if (order.kvm_fd < 0 || order.self_fd < 0) return failed({"start order", "", "it names no KVM device", 0});
  const mem::StartLimits limits = mem::current_limits();
  if (!mem::reserve_guest_ranges()) {
    return failed(mem::retry_with_relaxed_limits([&] {
      if (const auto file = make_start_order_file(order)) execute_again(*file, argv, environ, order.self_fd);
    }));
  }
  for (const int number : {order.kvm_fd, order.self_fd, order.registry_fd, order.starter_fd}) {
    if (!close_on_exec(number)) return failed({"start order", "", errno_text(errno), errno});
  }
  const auto options = options_of(order);
  if (!options) return failed(options.error());
  auto found = find_program_of_image(order.program, order.arguments);
  if (!found) return not_run(order, found.error());
  const Handover state = state_of(order, *options);
  auto monitor = Monitor::create(*options, &state);
  if (!monitor) return failed(monitor.error());
  (*monitor)->adopt_limits(limits);
  if (auto loaded = (*monitor)->load(std::move(*found), order.environment); !loaded) {
    return not_run(order, loaded.error());
  }
  (*monitor)->attach_starter(order.starter_fd);
  (*monitor)->adopt_descriptors(nullptr);
  // The payload ends with this process: nothing is taken down in between.
  monitor->release()->run();
}

}  // namespace kontain::run
