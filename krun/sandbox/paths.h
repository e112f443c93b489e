// Opening and making files below a root folder whose contents are hostile. Every lookup is one openat2(2) with
// RESOLVE_IN_ROOT and RESOLVE_NO_MAGICLINKS: links are followed as the container would, and nothing leads out. What is
// returned is used by descriptor, so that exchanging a component afterwards changes nothing.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/error.h"
#include "base/unique_fd.h"

namespace kontain::krun::sandbox {

// `path` is absolute in the root. `flags` are open(2)'s; O_CLOEXEC is implied.
Result<UniqueFd> open_in_root(int root, const std::string& path, int flags);
// The same without following any symbolic link.
Result<UniqueFd> open_in_root_without_links(int root, const std::string& path, int flags);

// Opens (O_PATH) the folder at `path`, making what is missing with mode 0755.
Result<UniqueFd> make_folder_in_root(int root, const std::string& path);
// Opens (O_PATH) what is at `path`, making an empty regular file and the folders to it when there is nothing.
Result<UniqueFd> make_file_in_root(int root, const std::string& path);

// `path` without ".", ".." and doubled slashes, absolute.
std::string clean_path(const std::string& path);
// The part before the last slash ("/" at the least), and the part behind it, of a clean path.
std::string parent_of(const std::string& path);
std::string name_of(const std::string& path);

// "/proc/self/fd/N": for calls that take a path only. Valid where the host's procfs is still visible.
std::string fd_path(int fd);

}  // namespace kontain::krun::sandbox
