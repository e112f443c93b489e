// kontain: the front door, one verb for each thing to do.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/log.h"
#include "base/version.h"
#include "cli/check.h"

namespace {

// As km: failures of the tool itself.
constexpr int kOwnFailure = 125;

int main_of_kontain(int argc, char** argv) {
  using namespace kontain;
  set_tool_name("kontain");
  CLI::App app("Kontain: programs as the only tenants of virtual machines.", "kontain");
  app.set_version_flag("--version", version_line("kontain"));
  app.require_subcommand(1);
  int status = 0;
  cli::add_check(app, status);
  app.add_subcommand("version", "Print the version")->callback([] {
    std::printf("%s\n", version_line("kontain").c_str());
  });
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& request) {
    return app.exit(request);
  } catch (const CLI::ParseError& error) {
    print_error(error.what());
    return kOwnFailure;
  }
  return status;
}

}  // namespace

int main(int argc, char** argv) { return main_of_kontain(argc, argv); }
