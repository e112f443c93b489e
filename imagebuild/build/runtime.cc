#include "imagebuild/build/runtime.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/subprocess.h"
#include "base/unique_fd.h"
#include "imagebuild/store/files.h"

namespace kontain::image::build {
namespace {

bool is_own(int folder) {
  struct stat info = {};
  return fstat(folder, &info) == 0 && info.st_uid == geteuid() && (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

}  // namespace

std::string find_runtime() {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  const auto path = program.parent_path() / "krun";
  return access(path.c_str(), X_OK) == 0 ? path.string() : std::string();
}

Result<void> end_containers(const std::string& runtime, const std::string& root) {
  const UniqueFd folder(open(root.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder && errno == ENOENT) return {};
  if (!folder) return fail_errno(root, "", errno);
  TRY_ASSIGN(const std::vector<std::string> ids, list_folder(folder.get()));
  if (!ids.empty() && !is_own(folder.get())) {
    return fail(root, "cannot end the containers", "others can write to this folder");
  }
  // The very folder that was looked at, whatever has its name by now.
  const std::string held = "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(folder.get());
  for (const std::string& id : ids) TRY(end_container(runtime, held, id));
  return {};
}

Result<void> end_container(const std::string& runtime, const std::string& root, const std::string& id) {
  const std::string folder = root + "/" + id;
  if (access(folder.c_str(), F_OK) != 0 && errno == ENOENT) return {};
  if (runtime.empty()) return fail(folder, "cannot end the container", "there is no krun beside kontain-build");
  TRY_ASSIGN(const SubprocessResult result, run_subprocess({runtime, "--root", root, "delete", "--force", id}));
  if (result.signal == 0 && result.exit_code == 0) return {};
  // Whoever else was at it has done it.
  if (access(folder.c_str(), F_OK) != 0 && errno == ENOENT) return {};
  return fail(folder, "cannot end the container", result.err.substr(0, result.err.find('\n')));
}

}  // namespace kontain::image::build
