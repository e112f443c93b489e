// Small files of the host, read whole.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace kontain::cli {

// Files of /proc, /sys and /etc that are worth reading here are no longer.
inline constexpr size_t kMaximumFile = 1 << 20;

// The text of a regular file, at most `maximum` bytes of it; nothing when it cannot be read.
std::optional<std::string> read_text(const std::string& path, size_t maximum = kMaximumFile);

// `text` without blanks and line ends at both ends.
std::string trimmed(const std::string& text);

// Where `program` lies in the folders of `path`, which is PATH's kind of list; empty: nowhere.
std::string find_in_path(const std::string& program, const std::string& path);

// The same in this process's PATH, then in the folders of the system's tools, which a user's PATH may lack.
std::string find_tool(const std::string& program);

// The folder of this program: km and krun lie beside it.
std::string own_folder();

// Names of the entries of a folder, sorted, without "." and ".."; none when it cannot be read.
std::vector<std::string> entries_of(const std::string& folder);

}  // namespace kontain::cli
