// The OCI runtime that executes RUN steps, and containers that a build has left.
#pragma once

#include <string>

#include "base/error.h"

namespace kontain::image::build {

// Name inside the folder of a build.
inline constexpr char kContainers[] = "state";  // krun's --root

// Path of the krun beside this program; empty: there is none.
std::string find_runtime();

// Kills what still runs in the containers of `root`, a folder that krun was given as its --root, or in `id` only, and
// deletes them with their cgroups. Nothing to do where the folder or the container is missing. Fails where somebody
// else can write to the folder: its files name processes to kill and programs to execute (poststop hooks).
Result<void> end_containers(const std::string& runtime, const std::string& root);
Result<void> end_container(const std::string& runtime, const std::string& root, const std::string& id);

}  // namespace kontain::image::build
