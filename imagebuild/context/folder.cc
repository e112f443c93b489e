#include "imagebuild/context/folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace kontain::image::context {
namespace {

Result<std::string> read_link(int fd, std::string_view name) {
  std::array<char, 4097> buffer;
  const ssize_t length = readlinkat(fd, "", buffer.data(), buffer.size());
  if (length < 0) return fail_errno(name, "readlink", errno);
  if (static_cast<size_t>(length) >= buffer.size()) return fail(name, "", "the link's target is too long");
  return std::string(buffer.data(), static_cast<size_t>(length));
}

std::optional<EntryType> type_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG: return EntryType::File;
    case S_IFDIR: return EntryType::Directory;
    case S_IFLNK: return EntryType::Symlink;
    case S_IFCHR: return EntryType::CharDevice;
    case S_IFBLK: return EntryType::BlockDevice;
    case S_IFIFO: return EntryType::Fifo;
    default: return std::nullopt;
  }
}

uint64_t nanoseconds(const timespec& time) {
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

Node node_of(const struct stat& status, std::string path) {
  Node node;
  node.path = std::move(path);
  const auto type = type_of(status.st_mode);
  node.socket = !type;
  node.type = type.value_or(EntryType::Fifo);
  node.mode = status.st_mode & 07777;
  node.uid = status.st_uid;
  node.gid = status.st_gid;
  node.mtime = status.st_mtim.tv_sec;
  node.size = node.type == EntryType::File ? static_cast<uint64_t>(status.st_size) : 0;
  node.device_major = major(status.st_rdev);
  node.device_minor = minor(status.st_rdev);
  node.links = status.st_nlink;
  node.inode = {status.st_dev, status.st_ino};
  node.ctime_ns = nanoseconds(status.st_ctim);
  node.mtime_ns = nanoseconds(status.st_mtim);
  return node;
}

std::string join(std::string_view folder, std::string_view name) {
  return folder.empty() ? std::string(name) : std::string(folder) + "/" + std::string(name);
}

std::string shown(const std::string& root, std::string_view path) { return root + "/" + std::string(path); }

}  // namespace

Result<Folder> Folder::open(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fail_errno(path, "", errno);
  return Folder(std::move(fd), path);
}

Result<UniqueFd> Folder::open_at(std::string_view path, int flags) const {
  const std::string name = path.empty() ? "." : std::string(path);
  open_how how{};
  how.flags = static_cast<uint64_t>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  for (int tries = 0;; ++tries) {
    // EAGAIN: the tree was changed while a ".." was resolved (openat2(2)).
    UniqueFd fd(static_cast<int>(syscall(SYS_openat2, root_.get(), name.c_str(), &how, sizeof how)));
    if (fd) return fd;
    if ((errno != EAGAIN && errno != EINTR) || tries == 100) return fail_errno(shown(host_path_, path), "", errno);
  }
}

Result<std::optional<Node>> Folder::stat(std::string_view path, Links links) const {
  auto fd = open_at(path, O_PATH | (links == Links::Keep ? O_NOFOLLOW : 0));
  if (!fd) {
    const int why = fd.error().errno_value;
    if (why == ENOENT || why == ENOTDIR) return std::nullopt;
    return tl::make_unexpected(fd.error());
  }
  struct stat status;
  if (fstat(fd->get(), &status) != 0) return fail_errno(shown(host_path_, path), "stat", errno);
  Node node = node_of(status, clean_path(path));
  if (node.type == EntryType::Symlink) {
    TRY_ASSIGN(node.link_target, read_link(fd->get(), shown(host_path_, path)));
  }
  return node;
}

Result<std::string> Folder::real_path(std::string_view path) const {
  const auto path_of = [](int fd) -> Result<std::string> {
    std::array<char, 4097> buffer;
    const std::string link = "/proc/self/fd/" + std::to_string(fd);
    const ssize_t length = readlink(link.c_str(), buffer.data(), buffer.size());
    if (length < 0) return fail_errno(link, "readlink", errno);
    return std::string(buffer.data(), static_cast<size_t>(length));
  };
  TRY_ASSIGN(const std::string root, path_of(root_.get()));
  std::string last;
  std::string from = clean_path(path);
  auto fd = open_at(from, O_PATH);
  if (!fd && fd.error().errno_value == ENOENT) {
    const size_t slash = from.rfind('/');
    last = from.substr(slash == std::string::npos ? 0 : slash + 1);
    from.resize(slash == std::string::npos ? 0 : slash);
    fd = open_at(from, O_PATH);
  }
  if (!fd) return tl::make_unexpected(fd.error());
  TRY_ASSIGN(const std::string whole, path_of(fd->get()));
  const std::string prefix = root == "/" ? "" : root;
  if (!whole.starts_with(prefix)) return fail(shown(host_path_, path), "", "the folder was moved");
  const std::string real = clean_path(whole.substr(prefix.size()));
  return last.empty() ? real : join(real, last);
}

Result<std::vector<std::string>> Folder::list(std::string_view path) const {
  TRY_ASSIGN(UniqueFd fd, open_at(path, O_RDONLY | O_DIRECTORY | O_NONBLOCK));
  DIR* handle = fdopendir(fd.get());
  if (handle == nullptr) return fail_errno(shown(host_path_, path), "opendir", errno);
  fd.release();
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(handle, closedir);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = readdir(handle)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
    if (names.size() > kMaxNodes) return fail(shown(host_path_, path), "", "too many files");
  }
  if (errno != 0) return fail_errno(shown(host_path_, path), "readdir", errno);
  std::sort(names.begin(), names.end());
  return names;
}

Result<UniqueFd> Folder::open_file(std::string_view path) const {
  // O_NONBLOCK: a FIFO that took the file's place must not hold us up.
  TRY_ASSIGN(UniqueFd fd, open_at(path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
  struct stat status;
  if (fstat(fd.get(), &status) != 0) return fail_errno(shown(host_path_, path), "stat", errno);
  if (!S_ISREG(status.st_mode)) return fail(shown(host_path_, path), "", "it is no regular file");
  return fd;
}

Result<std::vector<std::pair<std::string, std::string>>> Folder::read_xattrs(std::string_view path) const {
  TRY_ASSIGN(const UniqueFd fd, open_at(path, O_PATH | O_NOFOLLOW));
  // An O_PATH descriptor has no attributes of its own; its link in /proc leads to the file that is open, not to a name.
  const std::string link = "/proc/self/fd/" + std::to_string(fd.get());
  std::vector<char> names(65536);
  const ssize_t length = listxattr(link.c_str(), names.data(), names.size());
  std::vector<std::pair<std::string, std::string>> out;
  if (length < 0 && (errno == ENOTSUP || errno == EPERM || errno == EACCES)) return out;
  if (length < 0) return fail_errno(shown(host_path_, path), "listxattr", errno);
  for (const char* name = names.data(); name < names.data() + length; name += strlen(name) + 1) {
    std::string value(65536, 0);
    const ssize_t size = getxattr(link.c_str(), name, value.data(), value.size());
    if (size < 0) return fail_errno(shown(host_path_, path), name, errno);
    value.resize(static_cast<size_t>(size));
    out.emplace_back(name, std::move(value));
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace kontain::image::context
