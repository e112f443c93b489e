#include "imagebuild/layer/remove_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace kontain::image {
namespace {

// Opens a folder to empty it, whatever its mode is.
Result<UniqueFd> open_folder(int parent, const std::string& name) {
  UniqueFd folder(openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder && errno == EACCES && fchmodat(parent, name.c_str(), 0700, 0) == 0) {
    folder.reset(openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  }
  if (!folder) return fail_errno("remove", name, errno);
  static_cast<void>(fchmod(folder.get(), 0700));
  return folder;
}

}  // namespace

Result<std::vector<std::string>> names_in(int parent, const std::string& name) {
  UniqueFd fd(openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return fail_errno("open", name, errno);
  DIR* directory = fdopendir(fd.get());
  if (!directory) return fail_errno("open", name, errno);
  fd.release();
  std::vector<std::string> names;
  while (const dirent* found = readdir(directory)) {
    const std::string text = found->d_name;
    if (text != "." && text != "..") names.push_back(text);
  }
  closedir(directory);
  return names;
}

Result<void> TreeRemover::remove(int parent, const std::string& name) {
  if (unlinkat(parent, name.c_str(), 0) == 0 || errno == ENOENT) return {};
  if (errno != EISDIR && errno != EPERM) return fail_errno("remove", name, errno);
  TRY_ASSIGN(const UniqueFd folder, open_folder(parent, name));
  for (;;) {
    TRY_ASSIGN(const std::vector<std::string> names, names_in(parent, name));
    if (names.empty()) break;
    for (const std::string& inner : names) TRY(empty(folder.get(), inner));
  }
  if (unlinkat(parent, name.c_str(), AT_REMOVEDIR) != 0) return fail_errno("remove", name, errno);
  return {};
}

// Removes `inner`, or moves what is in it to `folder`.
Result<void> TreeRemover::empty(int folder, const std::string& inner) {
  if (unlinkat(folder, inner.c_str(), 0) == 0 || unlinkat(folder, inner.c_str(), AT_REMOVEDIR) == 0) return {};
  TRY_ASSIGN(const UniqueFd deeper, open_folder(folder, inner));
  TRY_ASSIGN(const std::vector<std::string> names, names_in(folder, inner));
  for (const std::string& name : names) {
    if (unlinkat(deeper.get(), name.c_str(), 0) == 0) continue;
    TRY(open_folder(deeper.get(), name));  // a directory that is moved has to be writable
    if (renameat(deeper.get(), name.c_str(), folder, free_name(folder).c_str()) != 0) {
      return fail_errno("remove", name, errno);
    }
  }
  return {};
}

std::string TreeRemover::free_name(int folder) {
  for (;;) {
    std::string name = ".removed." + std::to_string(number_++);
    if (faccessat(folder, name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) != 0) return name;
  }
}

}  // namespace kontain::image
