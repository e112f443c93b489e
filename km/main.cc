// km: runs a program as the only tenant of its own virtual machine.
#include <sys/prctl.h>

#include <cstdio>

#include "base/abi/syscall_report.h"
#include "base/log.h"
#include "base/procfs.h"
#include "base/version.h"
#include "km/config/options.h"
#include "km/run/monitor.h"
#include "km/run/outcome.h"
#include "km/run/self_test.h"

extern char** environ;

namespace kontain {
namespace {

int print(const std::string& text) {
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0
             ? 0
             : run::kExitMonitorFailed;
}

std::string syscall_report(const std::string& format) {
  if (format == "json") return abi::syscalls_as_json();
  return format == "markdown" ? abi::syscalls_as_markdown() : abi::syscalls_as_text();
}

int print_self_test(const std::string& format) {
  const auto report = run::self_test(format);
  if (report) return print(*report);
  print_error(report.error());
  return run::kExitMonitorFailed;
}

// The payload ends with this process: what comes back is a failure to start it.
int report_failure(const load::Loaded<run::Outcome>& outcome) {
  print_error(outcome.error().error);
  return outcome.error().exit_status;
}

int main_of_km(int argc, char** argv) {
  // Before anything else: no process of the same user may look into a monitor (ptrace(2), /proc/PID/mem).
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  set_tool_name("km");
  if (auto handover = run::take_handover()) {
    hold_procfs(handover->procfs_fd);
    return report_failure(run::continue_payload(std::move(*handover), argv));
  }
  hold_procfs(find_procfs().release());
  if (auto order = run::take_start_order()) return report_failure(run::run_ordered(std::move(*order), argv));
  const auto original_limits = run::take_start_limits();
  const auto options = config::parse_command_line(argc, argv);
  if (!options) {
    print_error(options.error());
    return run::kExitMonitorFailed;
  }
  switch (options->action) {
    case config::Options::Action::Help: return print(config::help_text());
    case config::Options::Action::Version: return print(version_line("km") + "\n");
    case config::Options::Action::Syscalls: return print(syscall_report(options->report_format));
    case config::Options::Action::SelfTest: return print_self_test(options->report_format);
    default: return report_failure(run::run_payload(*options, environ, argv, original_limits));
  }
}

}  // namespace
}  // namespace kontain

int main(int argc, char** argv) { return kontain::main_of_km(argc, argv); }
