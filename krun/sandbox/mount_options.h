// The options of a mount as the specification and mount(8) spell them, from one table.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace kontain::krun::sandbox {

// Attributes (MOUNT_ATTR_*) to set and to clear.
struct AttributeChange {
  uint64_t set = 0;
  uint64_t clear = 0;
  bool is_empty() const { return set == 0 && clear == 0; }
};

struct Propagation {
  uint64_t flag = 0;  // MS_SHARED, MS_SLAVE, MS_PRIVATE or MS_UNBINDABLE
  bool recursive = false;
};

struct MountOptions {
  bool bind = false;
  bool bind_recursive = false;
  bool remount = false;
  bool copy_up = false;  // tmpcopyup
  bool idmap = false;
  bool idmap_recursive = false;
  AttributeChange attributes;
  AttributeChange recursive_attributes;
  std::vector<Propagation> propagation;
  std::vector<std::string> data;  // of the file system: "key" or "key=value"
};

MountOptions parse_mount_options(const std::vector<std::string>& options);

// Nothing when the word is none of the specification's for rootfsPropagation.
Result<Propagation> parse_propagation(const std::string& word);

// All words that krun knows itself, sorted: `krun features`.
std::vector<std::string> mount_option_names();

}  // namespace kontain::krun::sandbox
