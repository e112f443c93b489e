// A user's network by pasta(1), which makes the namespaces itself.
#pragma once

#include <vector>

#include "base/error.h"
#include "cli/run/helper.h"
#include "cli/run/network.h"

namespace kontain::cli {

// Starts pasta with these ports. On return the namespace has its routes, as far as the host has any.
Result<HelperProcesses> start_pasta(const std::vector<Publish>& publish, const HelperStart& how);

}  // namespace kontain::cli
