#include "imagebuild/store/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>

#include "imagebuild/tar/stream.h"

namespace kontain::image {
namespace {

UniqueFd open_folder(int parent, const std::string& name) {
  return UniqueFd(openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

Result<void> lock_open_file(int fd, int operation, const std::string& name) {
  while (flock(fd, operation) != 0) {
    if (errno != EINTR) return fail_errno("lock", name, errno);
  }
  return {};
}

std::string random_name() {
  std::array<uint8_t, 16> bytes{};
  KONTAIN_CHECK(getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  std::string name;
  for (const uint8_t byte : bytes) {
    name += "0123456789abcdef"[byte >> 4];
    name += "0123456789abcdef"[byte & 15];
  }
  return name;
}

}  // namespace

Result<UniqueFd> open_or_make_folder(int parent, const std::string& name) {
  UniqueFd found = open_folder(parent, name);
  if (found) return found;
  if (errno != ENOENT) return fail_errno("open", name, errno);
  const size_t slash = name.rfind('/');
  if (slash != std::string::npos && slash > 0) TRY(open_or_make_folder(parent, name.substr(0, slash)));
  if (mkdirat(parent, name.c_str(), 0755) != 0 && errno != EEXIST) return fail_errno("mkdir", name, errno);
  found = open_folder(parent, name);
  if (!found) return fail_errno("open", name, errno);
  return found;
}

Result<std::optional<std::string>> read_file_at(int folder, const std::string& name, size_t limit) {
  UniqueFd fd(openat(folder, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!fd && errno == ENOENT) return std::nullopt;
  if (!fd) return fail_errno("open", name, errno);
  FdSource source(std::move(fd), name);
  TRY_ASSIGN(std::string text, read_all(source, limit, name));
  return std::optional<std::string>(std::move(text));
}

Result<TemporaryFile> make_temporary(int tmp) {
  TemporaryFile made;
  made.name = random_name();
  made.fd.reset(openat(tmp, made.name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!made.fd) return fail_errno("create", made.name, errno);
  return made;
}

Result<void> replace_file_at(int folder, const std::string& name, int tmp, std::string_view bytes,
                             Durability durability) {
  TRY_ASSIGN(const TemporaryFile file, make_temporary(tmp));
  FdSink sink(file.fd.get(), name);
  auto written = sink.write(bytes);
  if (written && durability == Durability::Now && fdatasync(file.fd.get()) != 0)
    written = fail_errno("sync", name, errno);
  if (written && renameat(tmp, file.name.c_str(), folder, name.c_str()) != 0)
    written = fail_errno("rename", name, errno);
  if (!written) unlinkat(tmp, file.name.c_str(), 0);
  return written;
}

bool has_content_at(int folder, const std::string& name) {
  struct stat status{};
  return fstatat(folder, name.c_str(), &status, 0) == 0 && status.st_size > 0;
}

Result<UniqueFd> lock_file_at(int folder, const std::string& name, LockKind kind) {
  UniqueFd fd(openat(folder, name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!fd) return fail_errno("open", name, errno);
  TRY(lock_open_file(fd.get(), kind == LockKind::Shared ? LOCK_SH : LOCK_EX, name));
  return fd;
}

Result<UniqueFd> lock_folder(int folder) {
  UniqueFd fd(openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fail_errno("open", "", errno);
  TRY(lock_open_file(fd.get(), LOCK_EX, ""));
  return fd;
}

Result<std::vector<std::string>> list_folder(int folder) {
  UniqueFd fd(openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  DIR* directory = fd ? fdopendir(fd.get()) : nullptr;
  if (!directory) return fail_errno("open", "", errno);
  fd.release();
  std::vector<std::string> names;
  while (const dirent* found = readdir(directory)) {
    const std::string name = found->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  closedir(directory);
  return names;
}

}  // namespace kontain::image
