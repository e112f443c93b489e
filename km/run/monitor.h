// One run of one payload process, from its program to its end.
#pragma once

#include <optional>

#include "base/abi/start_order.h"
#include "km/config/options.h"
#include "km/load/loader.h"
#include "km/mem/reservation.h"
#include "km/run/handover.h"
#include "km/run/outcome.h"

namespace kontain::run {

// Runs the program `options` names with `environment`; returns only when it could not be started. The error is km's
// own, with the exit status that belongs to it. `argv` is km's own argument vector: when the payload's address ranges
// are taken, km lifts what is in the way and executes itself again with it.
// `original` is what such an earlier start of this run has found.
load::Loaded<Outcome> run_payload(const config::Options& options, char** environment, char** argv,
                                  const std::optional<mem::StartLimits>& original);

// The same for a program that the payload of another km has executed.
load::Loaded<Outcome> continue_payload(Handover handover, char** argv);

// The same for a program that someone outside has ordered to be run in this container. `argv` is what the host shows.
load::Loaded<Outcome> run_ordered(abi::StartOrder order, char** argv);

}  // namespace kontain::run
