#include <unistd.h>

#include "krun/cli/verbs.h"
#include "krun/container/verbs.h"
#include "krun/spec/parse.h"
#include "krun/spec/reader.h"

namespace kontain::krun::cli {
namespace {

struct UpdateOptions {
  std::string id, file;
  spec::Resources resources;
};

}  // namespace

void add_update(CLI::App& app, Invocation& invocation) {
  CLI::App* verb = app.add_subcommand("update", "change the limits of a container");
  auto options = std::make_shared<UpdateOptions>();
  spec::Resources& limits = options->resources;
  verb->add_option("-r,--resources", options->file, "file with resources, - for stdin; then nothing else counts");
  verb->add_option("--blkio-weight", limits.io_weight);
  verb->add_option("--cpu-period", limits.cpu_period);
  verb->add_option("--cpu-quota", limits.cpu_quota);
  verb->add_option("--cpu-burst", limits.cpu_burst);
  verb->add_option("--cpu-rt-period", limits.realtime_period);
  verb->add_option("--cpu-rt-runtime", limits.realtime_runtime);
  verb->add_option("--cpu-share", limits.cpu_shares);
  verb->add_option("--cpu-idle", limits.cpu_idle);
  verb->add_option("--cpuset-cpus", limits.cpus);
  verb->add_option("--cpuset-mems", limits.mems);
  verb->add_option("--memory", limits.memory_limit);
  verb->add_option("--memory-reservation", limits.memory_reservation);
  verb->add_option("--memory-swap", limits.memory_swap);
  verb->add_option("--kernel-memory-tcp", limits.kernel_tcp_memory);
  verb->add_option("--kernel-memory")->description("ignored: removed from Linux")->expected(1);
  verb->add_option("--pids-limit", limits.pids_limit);
  for (const char* option : {"--l3-cache-schema", "--mem-bw-schema"}) {
    verb->add_option_function<std::string>(option, [](const std::string&) {
      throw CLI::ValidationError("resource director technology is not supported");
    });
  }
  verb->add_option("ID", options->id)->required();
  verb->callback([&invocation, options] {
    invocation.run = [&invocation, options]() -> Result<int> {
      if (!options->file.empty()) {
        auto read = options->file == "-" ? spec::read_all(STDIN_FILENO, "stdin", spec::kLargestDocument)
                                         : spec::read_file(options->file, spec::kLargestDocument);
        TRY_ASSIGN(const std::string text, std::move(read));
        TRY_ASSIGN(options->resources, spec::parse_resources(text, options->file));
      }
      return done(container::update_container(invocation.global.root, options->id, options->resources));
    };
  });
}

}  // namespace kontain::krun::cli
