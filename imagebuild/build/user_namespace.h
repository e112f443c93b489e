// Builds by users without privileges: root of a user namespace (user_namespaces(7)) mounts overlays and owns files.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace kontain::image::build {

struct IdRange {
  unsigned long start = 0, count = 0;
  bool operator==(const IdRange&) const = default;
};

// The ranges that a file like /etc/subuid (subuid(5)) gives to the user, by name or by number. Lines that are none are
// left out. Pure.
std::vector<IdRange> subordinate_ranges(std::string_view text, std::string_view user, std::string_view uid);

// What `newuidmap PID` (newuidmap(1)) is given behind the process: the user as root, then the ranges one after the
// other.
std::vector<std::string> map_arguments(unsigned long own, const std::vector<IdRange>& ranges);

// Whether this process is in a user namespace that has not all ids.
bool in_user_namespace();
// Whether files can be given to users other than the own one: root, who is not alone in his user namespace.
bool can_give_away_files();

// Runs `work` in a child process that is root of a user namespace of its own; the text it returns. It has the users of
// /etc/subuid and /etc/subgid when newuidmap(1) and newgidmap(1) are installed; else its own only, which a warning
// says. Fails when the kernel makes no namespace for this user; the process has to have one thread.
Result<std::string> run_as_namespace_root(const std::function<std::string()>& work);

}  // namespace kontain::image::build
