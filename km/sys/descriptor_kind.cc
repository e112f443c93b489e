#include "km/sys/descriptor_kind.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>

#include "km/sys/forward.h"

#ifndef XFS_SUPER_MAGIC
#define XFS_SUPER_MAGIC 0x58465342
#endif

namespace kontain::sys {
namespace {

// Those whose data are on this machine. What is not here (NFS, FUSE, procfs, ...) may ask somebody else first.
bool is_local_file_system(long type) {
  static constexpr auto kLocal =
      std::to_array<long>({EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC, TMPFS_MAGIC, RAMFS_MAGIC,
                           OVERLAYFS_SUPER_MAGIC, F2FS_SUPER_MAGIC, SQUASHFS_MAGIC, EROFS_SUPER_MAGIC_V1,
                           ISOFS_SUPER_MAGIC, MSDOS_SUPER_MAGIC, 0x2fc12fc1 /* ZFS */});
  return std::ranges::find(kLocal, type) != kLocal.end();
}

// /dev/null, /dev/zero and /dev/full (Documentation/admin-guide/devices.txt).
bool is_quick_device(dev_t device) {
  return major(device) == 1 && (minor(device) == 3 || minor(device) == 5 || minor(device) == 7);
}

// Pipes, sockets and the like.
fd::Kind waits_for_nobody(int number) {
  const SysResult flags = host_at_once(SYS_fcntl, number, F_GETFL);
  return !flags.is_error() && (flags.raw() & O_NONBLOCK) ? fd::Kind::Quick : fd::Kind::Slow;
}

}  // namespace

fd::Kind descriptor_kind(int number) {
  struct stat info;
  struct statfs system;
  if (host(SYS_fstat, number, &info).is_error()) return fd::Kind::Unknown;
  if (S_ISCHR(info.st_mode)) return is_quick_device(info.st_rdev) ? fd::Kind::Quick : fd::Kind::Slow;
  if (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) return waits_for_nobody(number);
  if (host(SYS_fstatfs, number, &system).is_error()) return fd::Kind::Unknown;
  return is_local_file_system(system.f_type) ? fd::Kind::Quick : fd::Kind::Slow;
}

}  // namespace kontain::sys
