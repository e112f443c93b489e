// `kontain run`, `logs` and `rm`: kontainers without a container engine.
#pragma once

#include <CLI/CLI.hpp>

namespace kontain::cli {

// They exit by `status`: that of the program for run, else 0, or 125 after a message.
void add_run(CLI::App& app, int& status);
void add_logs(CLI::App& app, int& status);
void add_rm(CLI::App& app, int& status);

}  // namespace kontain::cli
