#include "km/sys/walk.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include <array>

#include "km/sys/proc_files.h"

namespace kontain::sys {
namespace {

constexpr int kLinkLimit = 40;  // MAXSYMLINKS
constexpr open_how kHandle = {O_PATH | O_CLOEXEC, 0, RESOLVE_NO_MAGICLINKS};
constexpr open_how kHandleOfLink = {O_PATH | O_NOFOLLOW | O_CLOEXEC, 0, RESOLVE_NO_MAGICLINKS};
// With one of these the kernel itself follows no magic link.
constexpr uint64_t kNoMagicLinks = RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH | RESOLVE_IN_ROOT;

SysResult host_open(int directory, const char* path, const open_how& how) {
  return host(SYS_openat2, directory, path, &how, sizeof how);
}

class Walk {
 public:
  Walk(Task& task, DirFd directory, std::string path)
      : task_(task), directory_(directory.number()), rest_(std::move(path)) {}

  // Goes on to behind the next link. ELOOP when there is none, or there were too many.
  Errno pass_link();

  bool at_end() const { return rest_.find_first_not_of('/') == std::string::npos; }
  bool wants_directory() const { return !rest_.empty(); }
  int directory() const { return directory_; }
  const std::string& rest() const { return rest_; }

 private:
  Errno step(bool& passed);
  Errno follow(fd::KeptFd link, std::string remaining, bool& passed);
  GuestResult<fd::KeptFd> answer(const ProcFile& file);
  GuestResult<fd::KeptFd> answer_own(const ProcFile& file);
  template <class Make>
  GuestResult<fd::KeptFd> keep(Make make) {
    return keep_from_payload(task_, make);
  }
  void enter(fd::KeptFd position, std::string remaining);

  Task& task_;
  fd::KeptFd position_;  // where the walk is, once it has begun
  int directory_;        // the same, or where it begins
  std::string rest_;
  int links_ = 0;
};

void Walk::enter(fd::KeptFd position, std::string remaining) {
  position_ = std::move(position);
  directory_ = position_.get();
  rest_ = std::move(remaining);
}

Errno Walk::pass_link() {
  bool passed = false;
  while (!passed) {
    const Errno error = step(passed);
    if (error.value != 0) return error;
  }
  return Errno{0};
}

Errno Walk::step(bool& passed) {
  if (at_end()) return Errno{ELOOP};
  if (rest_.front() == '/') {
    auto root = keep([&] { return host_open(AT_FDCWD, "/", kHandle); });
    if (!root) return root.error();
    enter(std::move(*root), rest_.substr(rest_.find_first_not_of('/')));
  }
  const size_t end = std::min(rest_.find('/'), rest_.size());
  auto next = keep([&] { return host_open(directory_, rest_.substr(0, end).c_str(), kHandleOfLink); });
  if (!next) return next.error();
  struct stat info;
  const SysResult known = host(SYS_fstat, next->get(), &info);
  if (known.is_error()) return Errno{known.error()};
  const size_t following = rest_.find_first_not_of('/', end);
  // A slash at the end asks for a directory: it stays.
  std::string remaining = following != std::string::npos ? rest_.substr(following) : rest_.substr(end);
  if (S_ISLNK(info.st_mode)) return follow(std::move(*next), std::move(remaining), passed);
  if (following == std::string::npos) return Errno{ELOOP};
  enter(std::move(*next), std::move(remaining));
  return Errno{0};
}

Errno Walk::follow(fd::KeptFd link, std::string remaining, bool& passed) {
  if (++links_ > kLinkLimit) return Errno{ELOOP};
  const auto file = identify_proc_file(task_, link.get());
  if (file && (file->answer != procfs::Answer::Host || file->hidden)) {
    auto target = answer(*file);
    if (!target) return target.error();
    enter(std::move(*target), std::move(remaining));
    passed = true;
    return Errno{0};
  }
  std::array<char, PATH_MAX> text;
  const SysResult length = host(SYS_readlinkat, link.get(), "", text.data(), text.size());
  if (length.is_error()) return Errno{length.error()};
  std::string target(text.data(), static_cast<size_t>(length.raw()));
  if (target.empty() || target.size() + remaining.size() >= 16 * PATH_MAX) return Errno{ENAMETOOLONG};
  if (target.find_first_not_of('/') == std::string::npos) target = "/.";  // so that an end is always an object's
  if (!remaining.empty() && remaining.front() != '/') target += '/';
  rest_ = target + remaining;
  passed = true;
  return Errno{0};
}

GuestResult<fd::KeptFd> Walk::answer(const ProcFile& file) {
  if (file.hidden) return tl::make_unexpected(Errno{ENOENT});
  if (file.answer == procfs::Answer::Link && file.name.entry == "ns") {
    std::string name = std::to_string(file.name.process);
    if (file.name.thread != 0) name += "/task/" + std::to_string(file.name.thread);
    name += "/ns/" + file.name.rest;
    return keep([&] { return host(SYS_openat, proc_root(task_).fd, name.c_str(), O_PATH | O_CLOEXEC); });
  }
  if (!file.own || file.answer == procfs::Answer::Refused) return tl::make_unexpected(Errno{EACCES});
  return answer_own(file);
}

GuestResult<fd::KeptFd> Walk::answer_own(const ProcFile& file) {
  const std::string& entry = file.name.entry;
  if (entry == "root") return keep([&] { return host_open(AT_FDCWD, "/", kHandle); });
  if (entry == "cwd") return keep([&] { return host_open(AT_FDCWD, ".", kHandle); });
  if (entry == "fd") return keep([&] { return reopen(task_, procfs::to_number(file.name.rest), kHandle); });
  if (entry != "exe") return tl::make_unexpected(Errno{EACCES});
  task::Process& process = task_.process();
  if (process.executable_fd >= 0) return keep([&] { return reopen(task_, process.executable_fd, kHandle); });
  return keep([&] { return host_open(AT_FDCWD, process.executable().c_str(), kHandle); });
}

// What a walk that ended at a magic link opens: a handle, or a folder.
SysResult open_object(Task& task, const Walk& walk, open_how how) {
  // A slash at the end follows, whatever was asked for.
  if (walk.wants_directory()) {
    how.flags |= O_DIRECTORY;
  } else if (how.flags & O_NOFOLLOW) {
    return Errno{ELOOP};
  }
  return reopen(task, walk.directory(), how);
}

}  // namespace

open_how without_magic_links(open_how how) {
  if ((how.resolve & kNoMagicLinks) == 0) how.resolve |= RESOLVE_NO_MAGICLINKS;
  return how;
}

SysResult reopen(Task& task, int number, const open_how& how) {
  const task::ProcRoot& root = proc_root(task);
  if (root.fd < 0) return Errno{EACCES};
  const uint64_t flags = how.flags & ~static_cast<uint64_t>(O_CREAT | O_EXCL | O_NOFOLLOW);
  return host(SYS_openat, root.fd, proc_fd_name(number).c_str(), static_cast<int>(flags), how.mode);
}

SysResult open_unjudged(Task& task, DirFd directory, const std::string& path, const open_how& how) {
  if (how.resolve & kNoMagicLinks) return host_open(directory.number(), path.c_str(), how);
  const open_how guarded = without_magic_links(how);
  SysResult opened = host_open(directory.number(), path.c_str(), guarded);
  if (opened.error() != ELOOP) return opened;
  Walk walk(task, directory, path);
  while (opened.error() == ELOOP) {
    const Errno stopped = walk.pass_link();
    if (stopped.value != 0) return stopped;
    if (walk.at_end()) return open_object(task, walk, how);
    opened = host_open(walk.directory(), walk.rest().c_str(), guarded);
  }
  return opened;
}

SysResult create_unjudged(Task& task, DirFd directory, const std::string& path, const open_how& how) {
  open_how guarded = without_magic_links(how);
  guarded.flags |= O_CREAT | O_EXCL;
  SysResult made = host_open(directory.number(), path.c_str(), guarded);
  if (how.resolve & kNoMagicLinks) return made;
  Walk walk(task, directory, path);
  // A link in the last place counts as something that is there.
  while (made.error() == EEXIST || made.error() == ELOOP) {
    const Errno stopped = walk.pass_link();
    if (stopped.value != 0 || walk.at_end()) return Errno{EEXIST};
    made = host_open(walk.directory(), walk.rest().c_str(), guarded);
  }
  return made;
}

}  // namespace kontain::sys
