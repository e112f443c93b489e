// One run of one payload, from its name to its end.
#pragma once

#include "km/config/options.h"
#include "km/load/loader.h"
#include "km/run/outcome.h"

namespace kontain::run {

// Runs the program `options` names with `environment` and returns how it ended. An error is km's own failure to start
// it, with the exit status that belongs to it. `argv` is km's own argument vector: when the payload's address ranges
// are taken, km lifts what is in the way and executes itself again with it.
load::Loaded<Outcome> run_payload(const config::Options& options, char** environment, char** argv);

}  // namespace kontain::run
