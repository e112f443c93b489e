#include "km/sys/exec.h"

#include <fcntl.h>
#include <limits.h>

#include "km/fd/kept_fd.h"
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
  task::ExecRequest request;
  GUEST_TRY_ASSIGN(request.name, mem::load_string(path, PATH_MAX));
  const bool by_descriptor = request.name.empty();
  if (by_descriptor && !(flags & AT_EMPTY_PATH)) return Errno{ENOENT};
  if (by_descriptor && directory.number() == AT_FDCWD) return Errno{EACCES};
  const int how = by_descriptor ? AT_EMPTY_PATH : flags & AT_SYMLINK_NOFOLLOW;
  GUEST_TRY_ASSIGN(UniqueFd opened, open_program(task, directory, request.name, how));
  fd::KeptFd file(task.process().fds(), std::move(opened));
  const bool relative_to_fd = directory.number() != AT_FDCWD && (by_descriptor || request.name.front() != '/');
  if (relative_to_fd) {
    request.name = "/dev/fd/" + std::to_string(directory.number()) + (by_descriptor ? "" : "/" + request.name);
    const long descriptor_flags = host_call(SYS_fcntl, to_register(directory), F_GETFD);
    request.name_ends_with_exec = descriptor_flags >= 0 && (descriptor_flags & FD_CLOEXEC);
  }
  size_t total = 0;
  GUEST_TRY_ASSIGN(request.arguments, load_strings(arguments, total));
  GUEST_TRY_ASSIGN(request.environment, load_strings(environment, total));
  request.open = [&task](const std::string& interpreter) -> tl::expected<UniqueFd, int> {
    auto found = open_program(task, kCurrentDirectory, interpreter, 0);
    if (!found) return tl::make_unexpected(found.error().value);
    return std::move(*found);
  };
  if (!task.process().lifecycle()) return Errno{ENOSYS};
  request.file = file.take();
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
