#include "km/sys/directories.h"

#include <fcntl.h>
#include <limits.h>

#include <algorithm>
#include <array>
#include <functional>
#include <span>
#include <vector>

#include "km/procfs/directory.h"
#include "km/sys/forward.h"
#include "km/sys/paths.h"
#include "km/sys/proc_content.h"
#include "km/task/helper_thread.h"

namespace kontain::sys {
namespace {

constexpr unsigned kListRoom = 64 << 10;  // more per call than the C library ever asks for

using IsHidden = std::function<bool(int)>;

// Which numbered entries of the folder `fd` are the monitor's; nothing when it is none of those that have any.
IsHidden hidden_entries(Task& task, PayloadFd fd) {
  const auto file = identify_proc_file(task, fd.number());
  if (!file || !file->own || !file->name.rest.empty()) return nullptr;
  if (file->name.entry == "task") return [&task](int entry) { return is_monitor_thread(task, entry); };
  if (file->answer != procfs::Answer::Fds) return nullptr;
  return [&task](int entry) { return !task.process().descriptors().contains(entry); };
}

bool is_writable(GuestPtr<char> buffer) {
  const auto first = mem::load(buffer);
  return first && mem::store(buffer, *first);
}

// Lists into the monitor's memory first: the payload must not see, nor change, what is left out.
SysResult list(Task& task, long number, PayloadFd fd, GuestPtr<char> buffer, unsigned size,
               procfs::DirentFormat format) {
  // What cannot be written must not be consumed; the host decides which error comes first.
  if (size > 0 && !is_writable(buffer)) return host(number, fd, HostBuffer(kFaultingAddress), size);
  std::vector<std::byte> records(std::min(size, kListRoom));
  for (;;) {
    const SysResult listed = host(number, fd, records.data(), records.size());
    if (listed.is_error() || listed.raw() == 0) return listed;
    auto length = static_cast<size_t>(listed.raw());
    const std::span<std::byte> used(records.data(), length);
    if (procfs::any_numbered_entry(used, format, [](int) { return true; })) {
      const IsHidden is_hidden = hidden_entries(task, fd);
      if (is_hidden) length = procfs::remove_numbered_entries(used, format, is_hidden);
    }
    if (length == 0) continue;
    if (!mem::copy_out(buffer.address(), records.data(), length)) return Errno{EFAULT};
    return SysResult::value(static_cast<int64_t>(length));
  }
}

// The target of a link as the payload's process has it: nothing when the host's own text is right.
GuestResult<std::optional<std::string>> own_target(Task& task, const ProcFile& file) {
  if (file.hidden) return tl::make_unexpected(Errno{ENOENT});
  if (!file.own) {
    const bool is_refused = file.answer == procfs::Answer::Refused;
    return is_refused ? tl::make_unexpected(Errno{EACCES}) : GuestResult<std::optional<std::string>>();
  }
  if (file.name.entry == "exe") return std::optional(executable_path(task));
  if (file.name.entry != "fd") return std::optional<std::string>();
  auto target = descriptor_target(task, procfs::to_number(file.name.rest));
  if (!target) return tl::make_unexpected(target.error());
  return generated_name(*target);
}

SysResult store_text(GuestPtr<char> buffer, int size, const std::string& text) {
  const size_t length = std::min(text.size(), static_cast<size_t>(size));
  if (!mem::copy_out(buffer.address(), text.data(), length)) return Errno{EFAULT};
  return SysResult::value(static_cast<int64_t>(length));
}

// A text that only a magic link can have: they name a file by its path, or something without one ("pipe:[7]").
bool may_be_magic(std::string_view text) { return text.front() == '/' || text.find(':') != std::string_view::npos; }

// /proc/thread-self, by whatever name: the thread's own.
bool names_helper_thread(Task& task, std::string_view target) {
  const pid_t helper = task.process().helper_tid;
  return helper != 0 && target.ends_with("/task/" + std::to_string(helper));
}

SysResult store_link(Task& task, GuestPtr<char> buffer, int size, const std::string& target) {
  if (!names_helper_thread(task, target)) return store_text(buffer, size, target);
  task::ask_for_own_thread();
  return Errno{ENOENT};
}

SysResult read_reached_link(Task& task, DirFd directory, const std::string& path, GuestPtr<char> buffer, int size) {
  Reached reached;
  if (path.empty()) {
    reached.file = identify_proc_file(task, directory.number());
  } else {
    GUEST_TRY_ASSIGN(reached, reach(task, directory, path, Links::NoFollow));
  }
  std::array<char, PATH_MAX> text;
  const int link = path.empty() ? directory.number() : reached.fd.get();
  const SysResult length = host(SYS_readlinkat, link, "", text.data(), text.size());
  // ENOENT is what an empty path gives where the object is no link.
  if (length.is_error()) return length.error() == ENOENT && !path.empty() ? Errno{EINVAL} : length;
  if (reached.file) {
    GUEST_TRY_ASSIGN(const auto own, own_target(task, *reached.file));
    if (own) return store_text(buffer, size, *own);
  }
  return store_link(task, buffer, size, std::string(text.data(), static_cast<size_t>(length.raw())));
}

}  // namespace

SysResult sys_getdents(Task& task, PayloadFd fd, GuestPtr<char> buffer, unsigned size) {
  return list(task, SYS_getdents, fd, buffer, size, procfs::DirentFormat::Old);
}

SysResult sys_getdents64(Task& task, PayloadFd fd, GuestPtr<char> buffer, unsigned size) {
  return list(task, SYS_getdents64, fd, buffer, size, procfs::DirentFormat::New);
}

SysResult sys_mkdir(Task& task, GuestPtr<const char> path, unsigned mode) {
  return path_call(task, SYS_mkdir, path, Links::NoFollow, mode);
}

SysResult sys_mkdirat(Task& task, DirFd directory, GuestPtr<const char> path, unsigned mode) {
  return path_call_at(task, SYS_mkdirat, directory, path, Links::NoFollow, mode);
}

SysResult sys_rmdir(Task& task, GuestPtr<const char> path) { return path_call(task, SYS_rmdir, path, Links::NoFollow); }

SysResult sys_mknod(Task& task, GuestPtr<const char> path, unsigned mode, unsigned device) {
  return path_call(task, SYS_mknod, path, Links::NoFollow, mode, device);
}

SysResult sys_mknodat(Task& task, DirFd directory, GuestPtr<const char> path, unsigned mode, unsigned device) {
  return path_call_at(task, SYS_mknodat, directory, path, Links::NoFollow, mode, device);
}

SysResult sys_unlink(Task& task, GuestPtr<const char> path) {
  return path_call(task, SYS_unlink, path, Links::NoFollow);
}

SysResult sys_unlinkat(Task& task, DirFd directory, GuestPtr<const char> path, int flags) {
  return path_call_at(task, SYS_unlinkat, directory, path, Links::NoFollow, flags);
}

SysResult sys_rename(Task& task, GuestPtr<const char> from, GuestPtr<const char> to) {
  return sys_renameat2(task, kCurrentDirectory, from, kCurrentDirectory, to, 0);
}

SysResult sys_renameat(Task& task, DirFd from_directory, GuestPtr<const char> from, DirFd to_directory,
                       GuestPtr<const char> to) {
  return sys_renameat2(task, from_directory, from, to_directory, to, 0);
}

SysResult sys_renameat2(Task& task, DirFd from_directory, GuestPtr<const char> from, DirFd to_directory,
                        GuestPtr<const char> to, unsigned flags) {
  GUEST_TRY_ASSIGN(const std::string source, load_path(task, from_directory, from, Links::NoFollow));
  GUEST_TRY_ASSIGN(const std::string target, load_path(task, to_directory, to, Links::NoFollow));
  return host(SYS_renameat2, from_directory, source.c_str(), to_directory, target.c_str(), flags);
}

SysResult sys_link(Task& task, GuestPtr<const char> from, GuestPtr<const char> to) {
  return sys_linkat(task, kCurrentDirectory, from, kCurrentDirectory, to, 0);
}

SysResult sys_linkat(Task& task, DirFd from_directory, GuestPtr<const char> from, DirFd to_directory,
                     GuestPtr<const char> to, int flags) {
  const Links links = (flags & AT_SYMLINK_FOLLOW) ? Links::Follow : Links::NoFollow;
  GUEST_TRY_ASSIGN(const std::string source, load_path(task, from_directory, from, links));
  GUEST_TRY_ASSIGN(const std::string target, load_path(task, to_directory, to, Links::NoFollow));
  if (links == Links::Follow && !source.empty() && proc_root(task).fd >= 0) {
    GUEST_TRY_ASSIGN(const UniqueFd linked, reach_to_change(task, from_directory, source));
    return host(SYS_linkat, proc_root(task).fd, proc_fd_name(linked.get()).c_str(), to_directory, target.c_str(),
                flags);
  }
  return host(SYS_linkat, from_directory, source.c_str(), to_directory, target.c_str(), flags);
}

SysResult sys_symlink(Task& task, GuestPtr<const char> target, GuestPtr<const char> path) {
  return sys_symlinkat(task, target, kCurrentDirectory, path);
}

SysResult sys_symlinkat(Task& task, GuestPtr<const char> target, DirFd directory, GuestPtr<const char> path) {
  GUEST_TRY_ASSIGN(const std::string text, mem::load_string(target, PATH_MAX));
  GUEST_TRY_ASSIGN(const std::string resolved, load_path(task, directory, path, Links::NoFollow));
  return host(SYS_symlinkat, text.c_str(), directory, resolved.c_str());
}

SysResult sys_readlink(Task& task, GuestPtr<const char> path, GuestPtr<char> buffer, int size) {
  return sys_readlinkat(task, kCurrentDirectory, path, buffer, size);
}

SysResult sys_readlinkat(Task& task, DirFd directory, GuestPtr<const char> path, GuestPtr<char> buffer, int size) {
  if (size <= 0) return Errno{EINVAL};
  GUEST_TRY_ASSIGN(const std::string resolved, load_path(task, directory, path, Links::NoFollow));
  if (!resolved.empty() && !may_name_procfs(resolved)) {
    std::array<char, PATH_MAX> text;
    const SysResult length = host(SYS_readlinkat, directory, resolved.c_str(), text.data(), text.size());
    if (length.is_error() || length.raw() == 0) return length;
    const std::string target(text.data(), static_cast<size_t>(length.raw()));
    if (!may_be_magic(target)) return store_link(task, buffer, size, target);
  }
  return read_reached_link(task, directory, resolved, buffer, size);
}

}  // namespace kontain::sys
