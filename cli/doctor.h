// `kontain doctor`: can this host run kontainers, and what to do where it cannot.
#pragma once

#include <CLI/CLI.hpp>

namespace kontain::cli {

// Adds the verb; it exits by `status`: 0 kontainers run, 1 something has to be changed first, 125 failures of its own.
void add_doctor(CLI::App& app, int& status);

}  // namespace kontain::cli
