// `kontain ps`, `stats`, `stop` and `kill`: the running kontainers of this host.
#pragma once

#include <CLI/CLI.hpp>

namespace kontain::cli {

// They exit by `status`: 0, or 125 after a message.
void add_ps(CLI::App& app, int& status);
void add_stats(CLI::App& app, int& status);
void add_stop(CLI::App& app, int& status);
void add_kill(CLI::App& app, int& status);

}  // namespace kontain::cli
