// What the verbs print.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"

namespace kontain::cli {

// As km: failures of the tool itself.
inline constexpr int kOwnFailure = 125;

// All of it, or an error.
Result<void> print(const std::string& text);

// Rows under each other, columns as wide as their widest cell, control characters escaped; the first row is the header.
std::string as_table(std::vector<std::vector<std::string>> rows);

// "1.5 MiB".
std::string bytes_as_text(uint64_t bytes);
// "3s", "5m 2s", "4h 10m", "12d 3h".
std::string duration_as_text(int64_t milliseconds);

// Prints the error, if there is one, and says how the program ends.
int exit_status(const Result<int>& result);

}  // namespace kontain::cli
