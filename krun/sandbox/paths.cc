#include "krun/sandbox/paths.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "base/text.h"

namespace kontain::krun::sandbox {
namespace {

constexpr int kTries = 64;  // a rename elsewhere makes the kernel give up a lookup (openat2(2), EAGAIN)

Result<UniqueFd> open_resolved(int root, const std::string& path, int flags, uint64_t resolve) {
  open_how how = {};
  how.flags = static_cast<uint64_t>(flags | O_CLOEXEC);
  how.resolve = resolve;
  int error = 0;
  for (int i = 0; i < kTries; ++i) {
    const long fd = syscall(SYS_openat2, root, path.c_str(), &how, sizeof how);
    if (fd >= 0) return UniqueFd(static_cast<int>(fd));
    error = errno;
    if (error != EAGAIN && error != EINTR) break;
  }
  return fail_errno("open in the container", path, error);
}

constexpr int kFolder = O_PATH | O_DIRECTORY;

// Makes one folder in `parent` and opens it. What somebody else has put there meanwhile is no folder of ours.
Result<UniqueFd> make_one_folder(int parent, const std::string& name, const std::string& path) {
  if (mkdirat(parent, name.c_str(), 0755) != 0 && errno != EEXIST) return fail_errno("mkdir", path, errno);
  UniqueFd fd(openat(parent, name.c_str(), kFolder | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return fail_errno("open in the container", path, errno);
  return fd;
}

}  // namespace

Result<UniqueFd> open_in_root(int root, const std::string& path, int flags) {
  return open_resolved(root, path, flags, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

Result<UniqueFd> open_in_root_without_links(int root, const std::string& path, int flags) {
  return open_resolved(root, path, flags, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS);
}

Result<UniqueFd> make_folder_in_root(int root, const std::string& path) {
  auto whole = open_in_root(root, path, kFolder);
  if (whole || whole.error().errno_value != ENOENT) return whole;
  TRY_ASSIGN(UniqueFd current, open_in_root(root, "/", kFolder));
  std::string prefix;
  for (const std::string& name : split(clean_path(path).substr(1), '/')) {
    prefix += "/" + name;
    auto next = open_in_root(root, prefix, kFolder);
    if (!next && next.error().errno_value != ENOENT) return next;
    if (!next) next = make_one_folder(current.get(), name, prefix);
    if (!next) return next;
    current = std::move(*next);
  }
  return current;
}

Result<UniqueFd> make_file_in_root(int root, const std::string& path) {
  auto existing = open_in_root(root, path, O_PATH);
  if (existing || existing.error().errno_value != ENOENT) return existing;
  const std::string clean = clean_path(path);
  TRY_ASSIGN(const UniqueFd folder, make_folder_in_root(root, parent_of(clean)));
  const std::string name = name_of(clean);
  const UniqueFd made(
      openat(folder.get(), name.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0644));
  if (!made) return fail_errno("create in the container", clean, errno);
  UniqueFd handle(openat(folder.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!handle) return fail_errno("open in the container", clean, errno);
  return handle;
}

std::string clean_path(const std::string& path) {
  std::vector<std::string> kept;
  for (std::string& part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      kept.push_back(std::move(part));
    } else if (!kept.empty()) {
      kept.pop_back();
    }
  }
  std::string clean;
  for (const std::string& part : kept) clean += "/" + part;
  return clean.empty() ? "/" : clean;
}

std::string parent_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::string fd_path(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

}  // namespace kontain::krun::sandbox
