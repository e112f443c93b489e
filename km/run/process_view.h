// How the host shows this process to everybody: as the payload.
#pragma once

#include <string>

#include "km/load/loader.h"

namespace kontain::run {

// Lets /proc/PID/cmdline, environ and comm be the payload's (prctl(2): PR_SET_MM_MAP, PR_SET_NAME). Where the kernel
// lacks the former they stay km's.
void show_as_payload(const load::StartState& start, const std::string& executable_name);

}  // namespace kontain::run
