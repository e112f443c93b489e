// Files below /proc, which an image or a chroot may have filled with its own.
#pragma once

#include "base/unique_fd.h"

namespace kontain {

// Opens `path` for reading. None when it is not there or is no file of a procfs (PROC_SUPER_MAGIC, statfs(2)): what it
// says would be somebody else's word.
UniqueFd open_procfs(const char* path);

}  // namespace kontain
