#include "km/sys/proc_files.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <array>
#include <atomic>
#include <memory>
#include <span>
#include <utility>

#include "base/procfs.h"
#include "km/procfs/directory.h"
#include "km/procfs/render.h"
#include "km/task/helper_thread.h"

namespace kontain::sys {
namespace {

constexpr uint64_t kProcRootInode = 1;  // PROC_ROOT_INO
constexpr size_t kFlagsField = 9;
constexpr size_t kBlockedField = 32;
constexpr uint64_t kFaultSignals = 1U << (SIGSEGV - 1) | 1U << (SIGBUS - 1);
constexpr uint64_t kUserWorker = 0x4000;  // PF_USER_WORKER: a kernel thread that belongs to a process

bool is_procfs(int number) {
  struct statfs info;
  return !host(SYS_fstatfs, number, &info).is_error() && info.f_type == PROC_SUPER_MAGIC;
}

GuestResult<fd::KeptFd> keep_procfs(Task& task) {
  return keep_from_payload(task, [] {
    UniqueFd root = find_procfs();
    return root ? SysResult::value(root.release()) : SysResult(Errno{ENOENT});
  });
}

int find_and_hold(Task& task) {
  auto found = keep_procfs(task);
  if (!found) return -1;
  hold_procfs(found->take().release());
  return held_procfs();
}

std::unique_ptr<task::ProcRoot> find_root(Task& task) {
  auto root = std::make_unique<task::ProcRoot>();
  root->fd = held_procfs() >= 0 ? held_procfs() : find_and_hold(task);
  struct stat info;
  if (root->fd < 0 || host(SYS_fstat, root->fd, &info).is_error()) return root;
  root->device = info.st_dev;
  auto smaps = keep_from_payload(
      task, [&] { return host_at_once(SYS_openat, root->fd, "thread-self/smaps", O_RDONLY | O_CLOEXEC); });
  if (smaps) root->smaps_fd = smaps->take().release();
  if (!host(SYS_newfstatat, root->fd, "thread-self/exe", &info, 0).is_error()) {
    root->monitor_device = info.st_dev;
    root->monitor_inode = info.st_ino;
  }
  return root;
}

void close_root(Task& task, const task::ProcRoot& root) {
  for (const int number : {root.smaps_fd, root.fd == held_procfs() ? -1 : root.fd}) {
    if (number >= 0) task.process().fds().release(UniqueFd(number));
  }
}

GuestResult<std::string> link_text(int directory, const std::string& name) {
  std::array<char, PATH_MAX> text;
  const SysResult length = host(SYS_readlinkat, directory, name.c_str(), text.data(), text.size());
  if (length.is_error()) return tl::make_unexpected(Errno{length.error()});
  return std::string(text.data(), static_cast<size_t>(length.raw()));
}

// True for the caller's process and, since /proc/TID leads to the thread's process, for each of its threads. `proc`: a
// procfs.
bool is_own_number(int proc, int number) {
  const auto self = link_text(proc, "self");
  if (!self) return false;
  const int own = procfs::to_number(*self);
  if (number == own) return true;
  const int64_t process = host(SYS_getpid).raw();
  return own == process && !host(SYS_tgkill, process, number, 0).is_error();
}

bool names_monitor_fd(Task& task, const procfs::Name& name) {
  const int number = procfs::to_number(name.rest.substr(0, name.rest.find('/')));
  return number >= 0 && !task.process().descriptors().contains(number);
}

bool names_monitor_thread(Task& task, const procfs::Name& name) {
  const int tid = name.thread != 0 ? name.thread : name.process;
  // The helper's own: natively it would have been the caller's.
  if (tid == task.process().helper_tid) task::ask_for_own_thread();
  return tid != task.tid() && is_monitor_thread(task, tid);
}

ProcFile placed_file(Task& task, int proc, std::string_view path) {
  ProcFile file;
  file.name = procfs::parse_name(path);
  file.own = file.name.process != 0 && is_own_number(proc, file.name.process);
  file.answer = procfs::answer_of(file.name, file.own ? procfs::Whose::Own : procfs::Whose::Foreign);
  if (task.process().random && procfs::is_random(file.name)) file.answer = procfs::Answer::Generated;
  if (!file.own) return file;
  file.hidden = (file.answer == procfs::Answer::Fds && names_monitor_fd(task, file.name)) ||
                names_monitor_thread(task, file.name);
  return file;
}

// `path` begins behind the mount point. A text may be from another mount, or say where something was: what counts is
// which file has that name below the root of the procfs.
bool leads_to(int proc, std::string_view path, const struct stat& file) {
  if (path.empty()) return file.st_ino == kProcRootInode;
  if (path.front() != '/') return false;
  struct stat found;
  const std::string name(path.substr(1));
  return !host(SYS_newfstatat, proc, name.c_str(), &found, AT_SYMLINK_NOFOLLOW).is_error() &&
         found.st_dev == file.st_dev && found.st_ino == file.st_ino;
}

// What follows the mount point in `text`, the link's text of a file of the procfs `proc`; nothing when it cannot be
// told.
std::optional<std::string> path_below(Task& task, int proc, const std::string& text, const struct stat& file) {
  const auto behind = [&](const std::string& mount_point) -> std::optional<std::string> {
    if (!text.starts_with(mount_point) || !leads_to(proc, text.substr(mount_point.size()), file)) return std::nullopt;
    return text.substr(mount_point.size());
  };
  if (auto path = behind("/proc")) return path;
  // Seen from another root it has another name.
  const auto mount_point = descriptor_target(task, proc);
  return mount_point ? behind(*mount_point) : std::nullopt;
}

// Its numbers are those of this process's own namespace.
bool counts_as_this_process(Task& task, int proc) {
  const auto file = keep_from_payload(
      task, [&] { return host_at_once(SYS_openat, proc, "thread-self/status", O_RDONLY | O_CLOEXEC); });
  const std::string text = file ? read_host_file(file->get()) : "";
  constexpr std::string_view kField = "\nNSpid:\t";
  const size_t start = text.find(kField);
  if (start == std::string::npos) return false;
  const std::string line = text.substr(start + kField.size(), text.find('\n', start + 1) - start - kField.size());
  return procfs::to_number(line) > 0;  // one number, not one for each namespace
}

std::unique_ptr<task::ProcRoot> find_other_root(Task& task, uint64_t device) {
  auto root = std::make_unique<task::ProcRoot>();
  auto found = keep_procfs(task);
  struct stat info;
  if (!found || host(SYS_fstat, found->get(), &info).is_error() || info.st_dev != device) return nullptr;
  const auto same_number = [&] { return link_text(found->get(), "self") == link_text(proc_root(task).fd, "self"); };
  if (!same_number() || !counts_as_this_process(task, found->get()) ||
      !counts_as_this_process(task, proc_root(task).fd)) {
    return nullptr;
  }
  root->fd = found->take().release();
  root->device = device;
  return root;
}

// The procfs on `device`: the held one, or one that a chroot(2) has at its own /proc. nullptr when it is neither.
const task::ProcRoot* root_on(Task& task, uint64_t device) {
  if (device == proc_root(task).device) return &proc_root(task);
  const std::atomic_ref<task::ProcRoot*> stored(task.process().other_proc_root);
  if (const task::ProcRoot* other = stored.load()) return other->device == device ? other : nullptr;
  auto found = find_other_root(task, device);
  if (!found) return nullptr;
  task::ProcRoot* nobody = nullptr;
  if (stored.compare_exchange_strong(nobody, found.get())) return found.release();
  task.process().fds().release(UniqueFd(found->fd));
  return nobody->device == device ? nobody : nullptr;
}

// How many of the threads in a task folder `counts`.
template <class Counts>
uint64_t count_threads(Task& task, const std::string& name, const Counts& counts) {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  const auto folder =
      keep_from_payload(task, [&] { return host_at_once(SYS_openat, proc_root(task).fd, name.c_str(), kFlags); });
  std::array<std::byte, 4096> records;
  uint64_t count = 0;
  while (folder) {
    const SysResult listed = host(SYS_getdents64, folder->get(), records.data(), records.size());
    if (listed.is_error() || listed.raw() == 0) break;
    procfs::any_numbered_entry(std::span(records).first(static_cast<size_t>(listed.raw())), procfs::DirentFormat::New,
                               [&](int tid) {
                                 if (counts(tid)) ++count;
                                 return false;
                               });
  }
  return count;
}

}  // namespace

const task::ProcRoot& proc_root(Task& task) {
  const std::atomic_ref<task::ProcRoot*> stored(task.process().proc_root);
  if (const task::ProcRoot* root = stored.load()) return *root;
  auto found = find_root(task);
  task::ProcRoot* nobody = nullptr;
  if (stored.compare_exchange_strong(nobody, found.get())) return *found.release();
  close_root(task, *found);
  return *nobody;
}

uint64_t find_run_device() {
  struct stat info;
  return host(SYS_stat, "/run", &info).is_error() ? 0 : info.st_dev;
}

void renew_proc_root(Task& task) {
  const std::unique_ptr<task::ProcRoot> old(std::exchange(task.process().proc_root, nullptr));
  if (old) close_root(task, *old);
  const std::unique_ptr<task::ProcRoot> other(std::exchange(task.process().other_proc_root, nullptr));
  if (other) close_root(task, *other);
  proc_root(task);
}

bool renumber_proc_root(task::Process& process, int from, int to) {
  bool is_ours = held_procfs() == from;
  if (is_ours) hold_procfs(to);
  for (task::ProcRoot* root : {process.proc_root, process.other_proc_root}) {
    if (root == nullptr) continue;
    for (int* number : {&root->fd, &root->smaps_fd}) {
      if (*number != from) continue;
      *number = to;
      is_ours = true;
    }
  }
  return is_ours;
}

std::optional<ProcFile> identify_proc_file(Task& task, int number) {
  if (!is_procfs(number)) return std::nullopt;
  if (proc_root(task).fd < 0) return ProcFile{};
  const auto text = descriptor_target(task, number);
  struct stat info;
  if (!text || host(SYS_fstat, number, &info).is_error()) return ProcFile{};
  const task::ProcRoot* root = root_on(task, info.st_dev);
  const auto path = root != nullptr ? path_below(task, root->fd, *text, info) : std::nullopt;
  if (path) return placed_file(task, root->fd, *path);
  ProcFile file;
  file.name = procfs::parse_name(*text);
  file.answer = procfs::answer_of_unplaced(*text);
  return file;
}

bool is_monitor_thread(Task& task, int tid) {
  if (tid == task.process().helper_tid) return true;
  const std::string stat = read_proc_text(task, "self/task/" + std::to_string(tid) + "/stat");
  return stat.empty() || (procfs::stat_field(stat, kFlagsField) & kUserWorker) != 0;
}

uint64_t count_payload_threads(Task& task) {
  return count_threads(task, "self/task", [&](int tid) { return !is_monitor_thread(task, tid); });
}

namespace {

// It is a monitor like this one.
bool runs_this_program(Task& task, int process) {
  const int root = proc_root(task).fd;
  const std::string name = std::to_string(process) + "/exe";
  struct stat other;
  struct stat own;
  return !host(SYS_newfstatat, root, name.c_str(), &other, 0).is_error() &&
         !host(SYS_newfstatat, root, "self/exe", &own, 0).is_error() && other.st_dev == own.st_dev &&
         other.st_ino == own.st_ino;
}

}  // namespace

uint64_t count_foreign_threads(Task& task, int process) {
  const std::string folder = std::to_string(process) + "/task";
  unsigned blocking = 0;
  const uint64_t count = count_threads(task, folder, [&](int tid) {
    const std::string stat = read_proc_text(task, folder + "/" + std::to_string(tid) + "/stat");
    const bool is_monitors = stat.empty() || procfs::stat_name(stat) == task::kHelperName ||
                             (procfs::stat_field(stat, kFlagsField) & kUserWorker) != 0;
    if (!is_monitors && (procfs::stat_field(stat, kBlockedField) & kFaultSignals) == kFaultSignals) ++blocking;
    return !is_monitors;
  });
  // A call server that has no name yet, and its creator, which looks like it meanwhile.
  return blocking > 1 && runs_this_program(task, process) ? count - 1 : count;
}

std::string read_proc_text(Task& task, const std::string& name) {
  const auto file = keep_from_payload(
      task, [&] { return host_at_once(SYS_openat, proc_root(task).fd, name.c_str(), O_RDONLY | O_CLOEXEC); });
  return file ? read_host_file(file->get()) : "";
}

std::string read_host_file(int number) {
  std::string text;
  std::array<char, 16384> buffer;
  for (;;) {
    const SysResult count = host_at_once(SYS_pread64, number, buffer.data(), buffer.size(), text.size());
    if (count.is_error() || count.raw() == 0) return text;
    text.append(buffer.data(), static_cast<size_t>(count.raw()));
  }
}

// Not self: nothing is found there once the first thread has left.
std::string proc_fd_name(int number) { return "thread-self/fd/" + std::to_string(number); }
std::string proc_fd_path(int number) { return "/proc/" + proc_fd_name(number); }

std::string executable_path(Task& task) {
  const int number = task.process().executable_fd;
  const auto path = number >= 0 ? descriptor_target(task, number) : tl::make_unexpected(Errno{EBADF});
  return path ? *path : task.process().executable();
}

GuestResult<std::string> descriptor_target(Task& task, int number) {
  return link_text(proc_root(task).fd, proc_fd_name(number));
}

GuestResult<fd::KeptFd> keep_made(Task& task, SysResult made) {
  if (made.is_error()) return tl::make_unexpected(Errno{made.error()});
  auto kept = task.process().fds().adopt(UniqueFd(static_cast<int>(made.raw())));
  if (!kept) return tl::make_unexpected(Errno{EMFILE});
  return fd::KeptFd(task.process().fds(), std::move(*kept));
}

}  // namespace kontain::sys
