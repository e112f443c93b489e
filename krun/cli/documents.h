// The documents that krun prints about itself.
#pragma once

#include <string>

namespace kontain::krun::cli {

struct SpecOptions {
  bool rootless = false;
  bool kontain = false;  // with the annotations that km understands
};

// What `krun spec` writes.
std::string example_config(const SpecOptions& options);
// What `krun features` prints.
std::string features();

}  // namespace kontain::krun::cli
