#include "base/procfs.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include <atomic>

namespace kontain {
namespace {

constexpr ino_t kProcRootInode = 1;  // PROC_ROOT_INO

std::atomic<int> held = -1;

}  // namespace

UniqueFd find_procfs() {
  constexpr open_how kHow = {O_PATH | O_DIRECTORY | O_CLOEXEC, 0, RESOLVE_NO_MAGICLINKS};
  UniqueFd root(static_cast<int>(syscall(SYS_openat2, AT_FDCWD, "/proc", &kHow, sizeof kHow)));
  struct statfs system;
  struct stat info;
  if (!root || fstatfs(root.get(), &system) != 0 || fstat(root.get(), &info) != 0) return {};
  if (system.f_type != PROC_SUPER_MAGIC || info.st_ino != kProcRootInode) return {};
  return root;
}

void hold_procfs(int number) { held = number; }
int held_procfs() { return held; }

UniqueFd open_procfs(const char* name) {
  const int root = held;
  return root < 0 ? UniqueFd() : UniqueFd(openat(root, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
}

}  // namespace kontain
