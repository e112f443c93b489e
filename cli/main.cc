// kontain: the front door, one verb for each thing to do.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "base/log.h"
#include "base/version.h"
#include "cli/check.h"
#include "cli/doctor.h"
#include "cli/fleet_verbs.h"
#include "cli/run_verbs.h"
#include "cli/support/output.h"

namespace {

bool is_verb(const CLI::App& app, const std::string& word) {
  return !app.get_subcommands([&word](const CLI::App* verb) { return verb->get_name() == word; }).empty();
}

int main_of_kontain(int argc, char** argv) {
  using namespace kontain;
  set_tool_name("kontain");
  CLI::App app("Kontain: programs as the only tenants of virtual machines.", "kontain");
  app.set_version_flag("--version", version_line("kontain"));
  app.require_subcommand(1);
  int status = 0;
  for (const auto add : {cli::add_check, cli::add_doctor, cli::add_kill, cli::add_logs, cli::add_ps, cli::add_rm,
                         cli::add_run, cli::add_stats, cli::add_stop}) {
    add(app, status);
  }
  app.add_subcommand("version", "Print the version")->callback([] {
    std::printf("%s\n", version_line("kontain").c_str());
  });
  const std::string first = argc > 1 ? argv[1] : "";
  if (first.empty() || (first[0] != '-' && !is_verb(app, first))) {
    print_error((first.empty() ? "a verb is expected" : first + ": is no verb") + " (kontain --help lists them)");
    return cli::kOwnFailure;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& request) {
    return app.exit(request);
  } catch (const CLI::ParseError& error) {
    print_error(error.what());
    return cli::kOwnFailure;
  }
  return status;
}

}  // namespace

int main(int argc, char** argv) { return main_of_kontain(argc, argv); }
