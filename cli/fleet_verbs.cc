#include "cli/fleet_verbs.h"

#include <ctime>
#include <memory>

#include "cli/fleet/kontainer.h"
#include "cli/fleet/signals.h"
#include "cli/support/output.h"

namespace kontain::cli {
namespace {

int64_t now_ms() {
  timespec now = {};
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

std::string shown_program(const Kontainer& kontainer) {
  return kontainer.image.empty() ? kontainer.program : kontainer.image + " (" + kontainer.program + ")";
}

std::string cpu_as_text(uint64_t milliseconds) {
  return std::to_string(milliseconds / 1000) + "." + std::to_string(milliseconds % 1000 / 100) + "s";
}

std::vector<std::string> ps_row(const Kontainer& kontainer, int64_t now) {
  return {std::to_string(kontainer.pid),
          kontainer.id.empty() ? "-" : kontainer.id,
          shown_program(kontainer),
          kontainer.status,
          std::to_string(kontainer.user),
          std::to_string(kontainer.processes),
          bytes_as_text(kontainer.memory_bytes),
          cpu_as_text(kontainer.cpu_ms),
          kontainer.started_ms == 0 ? "-" : duration_as_text(now - kontainer.started_ms)};
}

Result<int> ps(bool json, bool quiet) {
  const std::vector<Kontainer> kontainers = find_kontainers();
  if (json) {
    TRY(print(kontainers_as_json(kontainers)));
    return 0;
  }
  std::vector<std::vector<std::string>> rows;
  if (!quiet) rows.push_back({"PID", "ID", "PROGRAM", "STATUS", "USER", "PROCESSES", "MEMORY", "CPU", "AGE"});
  for (const Kontainer& kontainer : kontainers) {
    rows.push_back(quiet ? std::vector<std::string>{std::to_string(kontainer.pid)} : ps_row(kontainer, now_ms()));
  }
  TRY(print(as_table(rows)));
  return 0;
}

Result<int> stop_all(const std::vector<std::string>& names, const std::function<Result<void>(const Kontainer&)>& act) {
  const std::vector<Kontainer> kontainers = find_kontainers();
  int status = 0;
  for (const std::string& name : names) {
    const auto kontainer = pick(kontainers, name);
    const Result<int> done =
        kontainer ? act(*kontainer).map([] { return 0; }) : Result<int>(tl::make_unexpected(kontainer.error()));
    if (exit_status(done) != 0) status = kOwnFailure;
  }
  return status;
}

}  // namespace

void add_ps(CLI::App& app, int& status) {
  CLI::App* verb = app.add_subcommand("ps", "List the running kontainers of this host");
  auto json = std::make_shared<bool>(false);
  auto quiet = std::make_shared<bool>(false);
  verb->add_flag("--json", *json, "Print an array of objects");
  verb->add_flag("-q,--quiet", *quiet, "Print the process ids only")->excludes("--json");
  verb->callback([json, quiet, &status] { status = exit_status(ps(*json, *quiet)); });
}

void add_stop(CLI::App& app, int& status) {
  CLI::App* verb = app.add_subcommand("stop", "Ask kontainers to end, and end them");
  auto names = std::make_shared<std::vector<std::string>>();
  auto seconds = std::make_shared<int>(10);
  verb->add_option("-t,--time", *seconds, "Seconds between SIGTERM and SIGKILL (default: 10)")
      ->check(CLI::Range(0, 86400));
  verb->add_option("kontainer", *names, "Ids, or process ids of their first process")->required();
  verb->callback([names, seconds, &status] {
    status = exit_status(
        stop_all(*names, [&](const Kontainer& kontainer) { return stop(kontainer, std::chrono::seconds(*seconds)); }));
  });
}

void add_kill(CLI::App& app, int& status) {
  CLI::App* verb = app.add_subcommand("kill", "Send a signal to the first process of kontainers");
  auto names = std::make_shared<std::vector<std::string>>();
  auto signal = std::make_shared<std::string>("KILL");
  verb->add_option("-s,--signal", *signal, "Name or number (default: KILL)");
  verb->add_option("kontainer", *names, "Ids, or process ids of their first process")->required();
  verb->callback([names, signal, &status] {
    const auto number = parse_signal(*signal);
    status = exit_status(
        number ? stop_all(*names, [&](const Kontainer& kontainer) { return send_signal(kontainer, *number); })
               : Result<int>(tl::make_unexpected(number.error())));
  });
}

}  // namespace kontain::cli
