// `km --self-test`: what this host can do.
#pragma once

#include <string>

#include "base/error.h"

namespace kontain::run {

// Makes a virtual machine and reports what was found, as "text" (key: value lines) or "json" (one object).
Result<std::string> self_test(const std::string& format);

}  // namespace kontain::run
