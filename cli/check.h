// `kontain check`: will it run?
#pragma once

#include <CLI/CLI.hpp>

namespace kontain::cli {

// Adds the verb; it exits by `status`: 0 all run, 1 some with notes, 2 some will not, 125 for failures of its own.
void add_check(CLI::App& app, int& status);

}  // namespace kontain::cli
