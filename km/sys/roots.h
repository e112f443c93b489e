// The working directory and the root, which the host keeps for the payload and the monitor alike: what the monitor
// itself needs of /proc it has by descriptor (base/procfs.h), and no path of the new root means anything to it.
#pragma once

#include <mutex>
#include <shared_mutex>
#include <string>

#include "km/sys/args.h"
#include "km/sys/proc_files.h"

namespace kontain::sys {

SysResult sys_getcwd(Task& task, GuestPtr<char> buffer, uint64_t size);
SysResult sys_chdir(Task& task, GuestPtr<const char> path);
SysResult sys_fchdir(Task& task, PayloadFd fd);
SysResult sys_chroot(Task& task, GuestPtr<const char> path);

// Moves the working directory to a folder, and back with this object. Other threads see it: for what has no other way.
class FolderVisit {
 public:
  FolderVisit(Task& task, int folder);
  ~FolderVisit();
  FolderVisit(const FolderVisit&) = delete;
  FolderVisit& operator=(const FolderVisit&) = delete;

  Errno error() const { return error_; }

 private:
  std::unique_lock<Lock> held_;
  fd::KeptFd back_;
  Errno error_{0};
};

// A path that leads to what descriptor `number` is open on, for calls that take neither a descriptor nor a folder. It
// is good as long as this object lives. Below another root than the held procfs is in, it begins at the working
// directory.
class ProcPath {
 public:
  ProcPath(Task& task, int number);

  Errno error() const { return visit_ ? visit_->error() : error_; }
  const char* text() const { return text_.c_str(); }

 private:
  std::shared_lock<std::shared_mutex> root_;
  std::optional<FolderVisit> visit_;
  std::string text_;
  Errno error_{0};
};

// `call(path)` with such a path.
template <class Call>
SysResult with_proc_path(Task& task, int number, Call call) {
  const ProcPath path(task, number);
  return path.error().value != 0 ? SysResult(path.error()) : call(path.text());
}

}  // namespace kontain::sys
