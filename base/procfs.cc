#include "base/procfs.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>

namespace kontain {

UniqueFd open_procfs(const char* path) {
  UniqueFd file(open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  struct statfs system;
  if (!file || fstatfs(file.get(), &system) != 0 || system.f_type != PROC_SUPER_MAGIC) return UniqueFd();
  return file;
}

}  // namespace kontain
