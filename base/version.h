// The version of everything built from this tree.
#pragma once

#include <string>

namespace kontain {

// "0.1.0": the release this tree belongs to.
const char* version();
// The first twelve digits of the git commit, or "unknown" outside a checkout.
const char* git_sha();
// "km 0.1.0 (0123456789ab)": what `tool --version` prints first.
std::string version_line(const char* tool);

}  // namespace kontain
