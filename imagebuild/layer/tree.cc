#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <map>

#include "base/text.h"
#include "base/unique_fd.h"
#include "imagebuild/layer/layer.h"
#include "imagebuild/tar/reader.h"

namespace kontain::image {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};

Result<std::string> read_link(const std::string& path) {
  std::array<char, PATH_MAX> target{};
  const ssize_t size = readlink(path.c_str(), target.data(), target.size());
  if (size < 0) return fail_errno("readlink", path, errno);
  return std::string(target.data(), static_cast<size_t>(size));
}

Result<std::map<std::string, std::string>> read_xattrs(const std::string& path) {
  std::map<std::string, std::string> made;
  std::string names(size_t{64} << 10, '\0');
  const ssize_t length = llistxattr(path.c_str(), names.data(), names.size());
  if (length < 0 && errno == ENOTSUP) return made;
  if (length < 0) return fail_errno("listxattr", path, errno);
  names.resize(static_cast<size_t>(length));
  std::string value(size_t{64} << 10, '\0');
  for (const std::string& name : split(names, '\0')) {
    if (name.empty()) continue;
    const ssize_t size = lgetxattr(path.c_str(), name.c_str(), value.data(), value.size());
    if (size >= 0) made[name] = value.substr(0, static_cast<size_t>(size));
  }
  return made;
}

class Walk {
 public:
  explicit Walk(const TreeOptions& options) : options_(options) {}

  Result<void> visit(const std::string& host, const std::string& destination, const struct stat& status) {
    if (S_ISSOCK(status.st_mode)) return {};
    if (!destination.empty()) TRY(add(host, destination, status));
    if (S_ISDIR(status.st_mode)) TRY(descend(host, destination));
    return {};
  }

  LayerFiles take() { return std::move(files_); }

 private:
  Result<void> descend(const std::string& host, const std::string& destination) {
    const std::unique_ptr<DIR, CloseDirectory> directory(opendir(host.c_str()));
    if (!directory) return fail_errno("open", host, errno);
    for (;;) {
      errno = 0;
      const dirent* found = readdir(directory.get());
      if (!found && errno != 0) return fail_errno("read", host, errno);
      if (!found) return {};
      const std::string name = found->d_name;
      if (name == "." || name == "..") continue;
      const std::string path = host + "/" + name;
      struct stat status{};
      if (lstat(path.c_str(), &status) != 0) return fail_errno("stat", path, errno);
      TRY(visit(path, destination.empty() ? name : destination + "/" + name, status));
    }
  }

  Result<void> add(const std::string& host, const std::string& destination, const struct stat& status) {
    LayerFile file;
    Entry& entry = file.entry;
    entry.path = destination;
    entry.mode = mode_of(status);
    entry.mtime = mtime_of(status);
    const bool keep_owner = options_.owners == TreeOptions::Owners::Keep;
    entry.uid = keep_owner ? status.st_uid : options_.uid;
    entry.gid = keep_owner ? status.st_gid : options_.gid;
    if (options_.xattrs == TreeOptions::Xattrs::Keep) {
      TRY_ASSIGN(entry.xattrs, read_xattrs(host));
    }
    TRY(set_type(host, status, file));
    files_.push_back(std::move(file));
    return {};
  }

  Result<void> set_type(const std::string& host, const struct stat& status, LayerFile& file) {
    Entry& entry = file.entry;
    switch (status.st_mode & S_IFMT) {
      case S_IFREG: return set_file(host, status, file);
      case S_IFDIR: entry.type = EntryType::Directory; return {};
      case S_IFIFO: entry.type = EntryType::Fifo; return {};
      case S_IFLNK: {
        entry.type = EntryType::Symlink;
        TRY_ASSIGN(entry.link_target, read_link(host));
        return {};
      }
      default:
        entry.type = S_ISCHR(status.st_mode) ? EntryType::CharDevice : EntryType::BlockDevice;
        entry.device_major = major(status.st_rdev);
        entry.device_minor = minor(status.st_rdev);
        return {};
    }
  }

  // Which name of several is the file and which are links is decided by sort_links, when all names are known.
  Result<void> set_file(const std::string& host, const struct stat& status, LayerFile& file) {
    file.entry.size = static_cast<uint64_t>(status.st_size);
    file.content = HostFile{host};
    if (options_.hardlinks == TreeOptions::Hardlinks::Keep && status.st_nlink > 1) {
      names_[{status.st_dev, status.st_ino}].push_back(files_.size());
    }
    return {};
  }

  uint32_t mode_of(const struct stat& status) const {
    if (S_ISLNK(status.st_mode)) return 0777;
    if (options_.modes == TreeOptions::Modes::Keep) return status.st_mode & 07777;
    return S_ISDIR(status.st_mode) || (status.st_mode & S_IXUSR) ? 0755 : 0644;
  }

  int64_t mtime_of(const struct stat& status) const {
    switch (options_.times) {
      case TreeOptions::Times::Fixed: return options_.mtime;
      case TreeOptions::Times::Keep: return status.st_mtime;
      case TreeOptions::Times::Clamp: return std::min<int64_t>(status.st_mtime, options_.mtime);
    }
    return options_.mtime;
  }

 public:
  // The first name in the order of the layer is the file.
  void sort_links() {
    for (auto& [inode, indices] : names_) {
      std::ranges::sort(indices, {}, [&](size_t i) { return files_[i].entry.path; });
      for (size_t i = 1; i < indices.size(); ++i) {
        LayerFile& link = files_[indices[i]];
        link.entry.type = EntryType::Hardlink;
        link.entry.link_target = files_[indices[0]].entry.path;
        link.entry.size = 0;
        link.content = std::monostate{};
      }
    }
  }

 private:
  const TreeOptions& options_;
  LayerFiles files_;
  std::map<std::pair<dev_t, ino_t>, std::vector<size_t>> names_;
};

std::string parent_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

LayerFile directory(const std::string& path, int64_t mtime) {
  LayerFile made;
  made.entry.path = path;
  made.entry.type = EntryType::Directory;
  made.entry.mode = 0755;
  made.entry.mtime = mtime;
  return made;
}

}  // namespace

Result<LayerFiles> collect_tree(const std::string& host, std::string_view destination, const TreeOptions& options) {
  const auto path = normal_path(destination);
  if (!path) return fail("destination", destination, "not a path inside an image");
  struct stat status{};
  if (stat(host.c_str(), &status) != 0) return fail_errno("stat", host, errno);
  if (path->empty() && !S_ISDIR(status.st_mode)) return fail("destination", destination, "a file cannot be the root");
  Walk walk(options);
  TRY(walk.visit(host, *path, status));
  walk.sort_links();
  LayerFiles files = walk.take();
  std::ranges::sort(files, {}, [](const LayerFile& file) -> const std::string& { return file.entry.path; });
  return files;
}

LayerFile whiteout(std::string_view path, int64_t mtime) {
  const std::string text(path);
  const std::string parent = parent_of(text);
  const std::string name = parent.empty() ? text : text.substr(parent.size() + 1);
  LayerFile made;
  made.entry.path = (parent.empty() ? "" : parent + "/") + std::string(kWhiteoutPrefix) + name;
  made.entry.mode = 0644;
  made.entry.mtime = mtime;
  made.content = std::string();
  return made;
}

Result<LayerFiles> complete_tree(LayerFiles files, int64_t mtime) {
  std::map<std::string, LayerFile> by_path;
  for (LayerFile& file : files) {
    const std::string path = file.entry.path;
    const auto found = by_path.find(path);
    const bool both_directories = found != by_path.end() && found->second.entry.type == EntryType::Directory &&
                                  file.entry.type == EntryType::Directory;
    if (found != by_path.end() && !both_directories) return fail("layer", path, "two files of this name");
    by_path.insert_or_assign(path, std::move(file));
  }
  std::vector<std::string> paths;
  paths.reserve(by_path.size());
  for (const auto& [path, file] : by_path) paths.push_back(path);
  for (const std::string& path : paths) {
    for (std::string above = parent_of(path); !above.empty(); above = parent_of(above)) {
      const auto [place, added] = by_path.try_emplace(above, directory(above, mtime));
      if (!added && place->second.entry.type != EntryType::Directory) {
        return fail("layer", above, "a file, but " + path + " lies below it");
      }
      if (!added) break;
    }
  }
  LayerFiles made;
  made.reserve(by_path.size());
  for (auto& [path, file] : by_path) made.push_back(std::move(file));
  return made;
}

}  // namespace kontain::image
