// Users and groups of an image: its /etc/passwd and /etc/group, which are nobody's to trust.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace kontain::image::build {

struct UserFiles {
  std::string passwd;  // the files' texts, empty when there are none
  std::string group;
};

struct Identity {
  uint32_t uid = 0;
  uint32_t gid = 0;
  std::vector<uint32_t> groups;  // further ones
  std::string home = "/";
};

// "name", "uid", "name:group", "uid:gid", … as USER and --chown write it. A number needs no entry. Without a group it
// is the group of the entry, or 0 without one.
Result<Identity> find_identity(const UserFiles& files, std::string_view text);

}  // namespace kontain::image::build
