#include "krun/sandbox/copy_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>

#include "base/unique_fd.h"

namespace kontain::krun::sandbox {
namespace {

constexpr int kDeepest = 200;
constexpr int kNoFollow = O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;

Result<void> copy_folder(int from, int to, int depth);

Result<void> copy_file(int from, int to, const char* name, const struct stat& info) {
  const UniqueFd source(openat(from, name, O_RDONLY | kNoFollow));
  const UniqueFd target(openat(to, name, O_WRONLY | O_CREAT | O_EXCL | kNoFollow, info.st_mode & 07777));
  if (!source || !target) return fail_errno("tmpcopyup", name, errno);
  for (;;) {
    const ssize_t sent = sendfile(target.get(), source.get(), nullptr, 1 << 20);
    if (sent < 0) return fail_errno("tmpcopyup", name, errno);
    if (sent == 0) return {};
  }
}

Result<void> copy_link(int from, int to, const char* name) {
  std::array<char, 4096> text{};
  const ssize_t size = readlinkat(from, name, text.data(), text.size() - 1);
  if (size < 0 || symlinkat(text.data(), to, name) != 0) return fail_errno("tmpcopyup", name, errno);
  return {};
}

Result<void> copy_subfolder(int from, int to, const char* name, const struct stat& info, int depth) {
  if (depth >= kDeepest) return fail("tmpcopyup", name, "folders are nested too deeply");
  if (mkdirat(to, name, info.st_mode & 07777) != 0) return fail_errno("tmpcopyup", name, errno);
  const UniqueFd source(openat(from, name, O_RDONLY | O_DIRECTORY | kNoFollow));
  const UniqueFd target(openat(to, name, O_RDONLY | O_DIRECTORY | kNoFollow));
  if (!source || !target) return fail_errno("tmpcopyup", name, errno);
  return copy_folder(source.get(), target.get(), depth + 1);
}

Result<void> copy_entry(int from, int to, const char* name, int depth) {
  struct stat info;
  if (fstatat(from, name, &info, AT_SYMLINK_NOFOLLOW) != 0) return fail_errno("tmpcopyup", name, errno);
  switch (info.st_mode & S_IFMT) {
    case S_IFREG: TRY(copy_file(from, to, name, info)); break;
    case S_IFLNK: TRY(copy_link(from, to, name)); break;
    case S_IFDIR: TRY(copy_subfolder(from, to, name, info, depth)); break;
    case S_IFSOCK: return {};
    default:
      if (mknodat(to, name, info.st_mode, info.st_rdev) != 0) return fail_errno("tmpcopyup", name, errno);
  }
  if (fchownat(to, name, info.st_uid, info.st_gid, AT_SYMLINK_NOFOLLOW) != 0) {
    return fail_errno("tmpcopyup", name, errno);
  }
  if (!S_ISLNK(info.st_mode)) fchmodat(to, name, info.st_mode & 07777, 0);
  const timespec times[2] = {info.st_atim, info.st_mtim};
  utimensat(to, name, times, AT_SYMLINK_NOFOLLOW);
  return {};
}

Result<void> copy_folder(int from, int to, int depth) {
  const int listing = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(listing < 0 ? nullptr : fdopendir(listing), closedir);
  if (!stream) return fail_errno("tmpcopyup", "", errno);
  while (const dirent* entry = readdir(stream.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") TRY(copy_entry(from, to, entry->d_name, depth));
  }
  return {};
}

}  // namespace

Result<void> copy_tree(int from, int to) {
  struct stat info;
  if (fstat(from, &info) != 0) return fail_errno("tmpcopyup", "", errno);
  TRY(copy_folder(from, to, 0));
  if (fchownat(to, "", info.st_uid, info.st_gid, AT_EMPTY_PATH) != 0) return fail_errno("tmpcopyup", "", errno);
  return {};
}

}  // namespace kontain::krun::sandbox
