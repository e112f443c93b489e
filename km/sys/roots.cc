#include "km/sys/roots.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>

#include "km/sys/forward.h"
#include "km/sys/paths.h"

namespace kontain::sys {
namespace {

// A mount point is renamed by nobody, so while nobody moves the root this stays as it is.
bool is_held_at_proc(Task& task) {
  constexpr uint64_t kProcRootInode = 1;  // PROC_ROOT_INO
  struct stat info;
  return proc_root(task).fd >= 0 &&
         !host(SYS_newfstatat, kCurrentDirectory, "/proc", &info, AT_SYMLINK_NOFOLLOW).is_error() &&
         info.st_dev == proc_root(task).device && info.st_ino == kProcRootInode;
}

// With the registry of running monitors in it, whose name would be another below such a root.
bool holds_registry(Task& task, int folder) {
  struct stat info;
  const uint64_t device = task.process().run_device;
  if (device == 0 || host(SYS_fstat, folder, &info).is_error() || info.st_dev != device) return false;
  const auto path = descriptor_target(task, folder);
  if (!path) return true;
  constexpr std::string_view kUsers = "/run/user/";
  const bool is_a_users = path->starts_with(kUsers) && path->find('/', kUsers.size()) == std::string::npos;
  return *path == "/run" || *path == "/run/user" || is_a_users || is_registry_path(*path);
}

SysResult move_root(Task& task, int folder) {
  const std::unique_lock hold(task.process().root_lock());
  if (is_held_at_proc(task)) return host(SYS_chroot, proc_fd_path(folder).c_str());
  const FolderVisit visit(task, folder);
  return visit.error().value != 0 ? SysResult(visit.error()) : host(SYS_chroot, ".");
}

}  // namespace

FolderVisit::FolderVisit(Task& task, int folder) : held_(task.process().folder_lock()) {
  constexpr int kFlags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  auto back = keep_from_payload(task, [] { return host_at_once(SYS_openat, kCurrentDirectory, ".", kFlags); });
  if (!back) {
    error_ = back.error();
    return;
  }
  const SysResult entered = host(SYS_fchdir, folder);
  if (entered.is_error()) {
    error_ = Errno{entered.error()};
    return;
  }
  back_ = std::move(*back);
}

FolderVisit::~FolderVisit() {
  // Somebody has taken the right to enter away in between: nothing could go on from a wrong place.
  if (error_.value == 0 && host(SYS_fchdir, back_.get()).is_error()) std::abort();
}

ProcPath::ProcPath(Task& task, int number) : root_(task.process().root_lock()) {
  if (is_held_at_proc(task)) {
    text_ = proc_fd_path(number);
    return;
  }
  root_.unlock();
  // Another process could move it meanwhile.
  if (task.process().shares_folders || proc_root(task).fd < 0) {
    error_ = Errno{EACCES};
    return;
  }
  visit_.emplace(task, proc_root(task).fd);
  text_ = proc_fd_name(number);
}

SysResult sys_getcwd(Task& task, GuestPtr<char> buffer, uint64_t size) {
  // The kernel writes PATH_MAX at most, whatever the caller claims to have.
  const uint64_t used = std::min<uint64_t>(size, PATH_MAX);
  const std::unique_lock hold(task.process().folder_lock());
  return host(SYS_getcwd, host_buffer(buffer, used), used);
}

SysResult sys_chdir(Task& task, GuestPtr<const char> path) {
  GUEST_TRY_ASSIGN(const std::string resolved, load_path(task, kCurrentDirectory, path, Links::Follow));
  GUEST_TRY_ASSIGN(const Reached reached, reach(task, kCurrentDirectory, resolved, Links::Follow));
  if (reached.file && reached.file->answer == procfs::Answer::Refused) return Errno{EACCES};
  const std::unique_lock hold(task.process().folder_lock());
  return host(SYS_fchdir, reached.fd.get());
}

SysResult sys_fchdir(Task& task, PayloadFd fd) {
  const std::unique_lock hold(task.process().folder_lock());
  return host(SYS_fchdir, fd);
}

SysResult sys_chroot(Task& task, GuestPtr<const char> path) {
  GUEST_TRY_ASSIGN(const std::string resolved, load_path(task, kCurrentDirectory, path, Links::Follow));
  GUEST_TRY_ASSIGN(const Reached reached, reach(task, kCurrentDirectory, resolved, Links::Follow));
  if (reached.file || holds_registry(task, reached.fd.get())) return Errno{EACCES};
  // The other process's monitor knows nothing of it.
  if (task.process().shares_folders) return Errno{EPERM};
  return move_root(task, reached.fd.get());
}

}  // namespace kontain::sys
