#include "imagebuild/build/build_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "imagebuild/build/runtime.h"
#include "imagebuild/build/user_namespace.h"
#include "imagebuild/layer/remove_tree.h"
#include "imagebuild/store/files.h"

namespace kontain::image::build {
namespace {

constexpr std::string_view kTop = "build";
constexpr std::string_view kLock = ".lock";
constexpr unsigned kMostTries = 1000;

// Absolute: krun has a working directory of its own.
Result<std::string> top_folder(const Store& store) {
  std::error_code error;
  const auto path = std::filesystem::absolute(store.directory(), error);
  if (error) return fail_errno(store.directory(), "", error.value());
  return (path / kTop).string();
}

// The lock file `name`, locked; nothing when somebody else holds it, or has removed it meanwhile.
UniqueFd try_lock(int top, const std::string& name, int flags) {
  UniqueFd fd(openat(top, name.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600));
  struct stat status{};
  if (fd && (flock(fd.get(), LOCK_EX | LOCK_NB) != 0 || fstat(fd.get(), &status) != 0)) fd.reset();
  if (fd && status.st_nlink == 0) {
    errno = ENOENT;
    fd.reset();
  }
  return fd;
}

// The folder goes first: a lock file without one is what a removal that was killed leaves.
Result<void> remove_folder(int top, const std::string& name) {
  TRY(TreeRemover().remove(top, name));
  unlinkat(top, (name + std::string(kLock)).c_str(), 0);
  return {};
}

Result<void> remove_unowned_folder(int top, const std::string& path, const std::string& name) {
  TRY(end_containers(find_runtime(), path + "/" + name + "/" + kContainers));
  return remove_folder(top, name);
}

// In the folder `top` at `path`. The first that could not be removed.
Result<void> remove_unowned(int top, const std::string& path) {
  TRY_ASSIGN(const std::vector<std::string> names, list_folder(top));
  Result<void> all;
  for (const std::string& name : names) {
    if (!name.ends_with(kLock)) continue;
    const UniqueFd lock = try_lock(top, name, 0);
    if (!lock) continue;
    auto removed = remove_unowned_folder(top, path, name.substr(0, name.size() - kLock.size()));
    if (!removed && all) all = std::move(removed);
  }
  return all;
}

}  // namespace

Result<BuildFolder> BuildFolder::create(const Store& store) {
  TRY_ASSIGN(const std::string top_path, top_folder(store));
  TRY_ASSIGN(const UniqueFd top, open_or_make_folder(AT_FDCWD, top_path));
  // What cannot be removed is gc's to complain of.
  static_cast<void>(remove_unowned(top.get(), top_path));
  for (unsigned number = 0;; ++number) {
    const std::string name = std::to_string(getpid()) + "-" + std::to_string(number);
    UniqueFd lock = try_lock(top.get(), name + std::string(kLock), O_CREAT | O_EXCL);
    const bool taken = errno == EEXIST || errno == EWOULDBLOCK || errno == ENOENT;
    if (!lock && taken && number < kMostTries) continue;
    if (!lock) return fail_errno(top_path + "/" + name + std::string(kLock), "", errno);
    if (mkdirat(top.get(), name.c_str(), 0700) != 0) return fail_errno(top_path + "/" + name, "", errno);
    return BuildFolder(top_path + "/" + name, std::move(lock));
  }
}

BuildFolder::~BuildFolder() {
  if (path_.empty()) return;
  const std::filesystem::path path(path_);
  const UniqueFd top(open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (top) static_cast<void>(remove_folder(top.get(), path.filename().string()));
}

Result<void> remove_abandoned_builds(const Store& store) {
  TRY_ASSIGN(const std::string path, top_folder(store));
  const UniqueFd top(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!top && errno == ENOENT) return {};
  if (!top) return fail_errno(path, "", errno);
  auto removed = remove_unowned(top.get(), path);
  if (removed || geteuid() == 0) return removed;
  TRY_ASSIGN(const std::string told, run_as_namespace_root([&]() -> std::string {
               const auto by_root = remove_unowned(top.get(), path);
               return by_root ? "" : by_root.error().message();
             }));
  if (!told.empty()) return fail("build", "", told);
  return {};
}

}  // namespace kontain::image::build
