// Files that appear whole or not at all.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"

namespace kontain::image {

// Opens `name` in `parent`, making it and what is missing above it (0755).
Result<UniqueFd> open_or_make_folder(int parent, const std::string& name);
// All of the file, at most `limit` bytes; nothing when it does not exist.
Result<std::optional<std::string>> read_file_at(int folder, const std::string& name, size_t limit);
// Replaces `name` in `folder` by a file with these bytes: written beside it in `tmp` (same file system), synced,
// renamed. With Eventually it is not synced, and may be there and empty behind a power failure.
enum class Durability { Now, Eventually };
Result<void> replace_file_at(int folder, const std::string& name, int tmp, std::string_view bytes,
                             Durability durability = Durability::Now);
// Whether `name` is there and not empty.
bool has_content_at(int folder, const std::string& name);
// A new empty file in `tmp` under a name that nobody else has, open for writing.
struct TemporaryFile {
  UniqueFd fd;
  std::string name;
};
Result<TemporaryFile> make_temporary(int tmp);
// flock(2) of the file `name` in `folder`, which is made when it is missing; waits.
enum class LockKind { Shared, Exclusive };
Result<UniqueFd> lock_file_at(int folder, const std::string& name, LockKind kind);
// An exclusive flock(2) of the folder itself; waits.
Result<UniqueFd> lock_folder(int folder);
// The names in a folder, but "." and "..".
Result<std::vector<std::string>> list_folder(int folder);

}  // namespace kontain::image
