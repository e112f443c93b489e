// kontain-build: reproducible OCI images, without a daemon and without root.
#include <array>

#include "base/log.h"
#include "base/version.h"
#include "imagebuild/cli/invocation.h"
#include "imagebuild/cli/verbs.h"

namespace kontain::image::cli {
namespace {

using AddVerb = void (*)(CLI::App&, Invocation&);

// Every verb, in the order of --help.
constexpr std::array kVerbs = {AddVerb{add_pull},  AddVerb{add_push},   AddVerb{add_copy}, AddVerb{add_unpack},
                               AddVerb{add_tag},   AddVerb{add_ls},     AddVerb{add_rm},   AddVerb{add_inspect},
                               AddVerb{add_diff},  AddVerb{add_verify}, AddVerb{add_gc},   AddVerb{add_convert},
                               AddVerb{add_runenv}};

int run(int argc, char** argv) {
  set_tool_name("kontain-build");
  Invocation invocation;
  CLI::App app("Makes reproducible OCI images, without a daemon and without root", "kontain-build");
  app.set_version_flag("--version", version_line("kontain-build"));
  app.require_subcommand(0, 1);
  app.fallthrough();
  add_common_options(app, invocation);
  add_build(app, invocation, {argv + 1, argv + argc});
  for (const AddVerb add : kVerbs) add(app, invocation);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    print_error(error.what());
    return kUsage;
  }
  const auto status = invocation.run();
  if (status) return *status;
  // An empty error: what there is to say was printed where it happened.
  if (!status.error().message().empty()) print_error(status.error());
  return kFailed;
}

}  // namespace
}  // namespace kontain::image::cli

int main(int argc, char** argv) { return kontain::image::cli::run(argc, argv); }
