#include "km/sys/exec.h"

#include <fcntl.h>
#include <limits.h>

#include "km/sys/forward.h"
#include "km/sys/new_fds.h"

namespace kontain::sys {
namespace {

// Linux's MAX_ARG_STRLEN and MAX_ARG_STRINGS, and its bound on both vectors together (fs/exec.c).
constexpr size_t kMaximumString = 128 * 1024;
constexpr size_t kMaximumTotal = 6 << 20;

GuestResult<std::vector<std::string>> load_strings(StringVector vector, size_t& total) {
  std::vector<std::string> strings;
  if (vector.is_null()) return strings;
  for (uint64_t i = 0;; ++i) {
    const auto address = mem::load(vector.element(i));
    if (!address) return tl::make_unexpected(address.error());
    if (*address == 0) return strings;
    auto text = mem::load_string(GuestPtr<const char>(*address), kMaximumString);
    if (!text) return tl::make_unexpected(text.error() == Errno{ENAMETOOLONG} ? Errno{E2BIG} : text.error());
    total += text->size() + 1 + sizeof(uint64_t);
    if (total > kMaximumTotal) return tl::make_unexpected(Errno{E2BIG});
    strings.push_back(std::move(*text));
  }
}

SysResult execute(Task& task, DirFd directory, GuestPtr<const char> path, StringVector arguments,
                  StringVector environment, int flags) {
  if (flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW)) return Errno{EINVAL};
  GUEST_TRY_ASSIGN(const std::string name, mem::load_string(path, PATH_MAX));
  if (name.empty() && !(flags & AT_EMPTY_PATH)) return Errno{ENOENT};
  const bool by_descriptor = name.empty();
  if (by_descriptor && directory.number() == AT_FDCWD) return Errno{EACCES};

  task::ExecRequest request;
  if (by_descriptor) {
    GUEST_TRY_ASSIGN(request.file, open_program(task, directory, "", AT_EMPTY_PATH));
  } else {
    GUEST_TRY_ASSIGN(request.file, open_program(task, directory, name, flags & AT_SYMLINK_NOFOLLOW));
  }
  const bool relative_to_fd = directory.number() != AT_FDCWD && (by_descriptor || name.front() != '/');
  request.name = name;
  if (relative_to_fd) {
    request.name = "/dev/fd/" + std::to_string(directory.number()) + (by_descriptor ? "" : "/" + name);
    const SysResult descriptor_flags = host(SYS_fcntl, directory, F_GETFD);
    request.name_ends_with_exec = !descriptor_flags.is_error() && (descriptor_flags.raw() & FD_CLOEXEC);
  }
  size_t total = 0;
  GUEST_TRY_ASSIGN(request.arguments, load_strings(arguments, total));
  GUEST_TRY_ASSIGN(request.environment, load_strings(environment, total));
  request.open = [&task](const std::string& interpreter) -> tl::expected<UniqueFd, int> {
    auto opened = open_program(task, kCurrentDirectory, interpreter, 0);
    if (!opened) return tl::make_unexpected(opened.error().value);
    return std::move(*opened);
  };
  if (!task.process().lifecycle()) return Errno{ENOSYS};
  return task.process().lifecycle()->execute(task, std::move(request));
}

}  // namespace

SysResult sys_execve(Task& task, GuestPtr<const char> path, StringVector arguments, StringVector environment) {
  return execute(task, kCurrentDirectory, path, arguments, environment, 0);
}

SysResult sys_execveat(Task& task, DirFd directory, GuestPtr<const char> path, StringVector arguments,
                       StringVector environment, int flags) {
  return execute(task, directory, path, arguments, environment, flags);
}

}  // namespace kontain::sys
