// Internal to km/config: JSON files of options.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "km/config/option_table.h"

namespace kontain::config {

struct ConfigFile {
  std::vector<Setting> settings;
  std::set<std::string> locked;  // keys of "locked": the administrator's file only
};

// Who wrote the file: only the administrator may lock keys.
enum class Author : uint8_t { Administrator, User };

// The settings of the JSON object `text`. Unknown and repeated keys, wrong types and values are errors that name
// `path`, the key or the position.
Result<ConfigFile> parse_config(const std::string& text, const std::string& path, Author author);

// Reads and parses the file at `path`, at most 1 MiB. Nothing when it does not exist.
Result<std::optional<ConfigFile>> read_config(const std::string& path, Author author);

}  // namespace kontain::config
