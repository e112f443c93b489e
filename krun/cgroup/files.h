// Files of a cgroup file system.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/error.h"

namespace kontain::krun::cgroup {

Result<std::string> read_text(const std::string& path);
Result<void> write_text(const std::string& path, const std::string& text);
bool exists(const std::string& path);
// A file with one number; nothing when there is none ("max" too).
std::optional<uint64_t> read_number(const std::string& path);
// The number behind `key` in a file of "key number" lines; 0 when there is none.
uint64_t number_of_key(const std::string& path, const std::string& key);

std::string parent_of(const std::string& path);

// Waits up to ten seconds, for what the kernel does after a write, until `done`: false when it does not come to pass.
bool wait_until(const std::function<bool()>& done);

}  // namespace kontain::krun::cgroup
