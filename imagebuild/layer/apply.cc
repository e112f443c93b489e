#include "imagebuild/layer/apply.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <map>
#include <unordered_set>

#include "base/unique_fd.h"
#include "imagebuild/layer/compress.h"
#include "imagebuild/layer/hashing_source.h"
#include "imagebuild/layer/remove_tree.h"
#include "imagebuild/tar/reader.h"

namespace kontain::image {
namespace {

constexpr int kLoopAttempts = 20;

// Opens `path` below `root` as if `root` were "/": neither "..", nor links, nor /proc lead out.
UniqueFd open_in_root(int root, const std::string& path, uint64_t flags) {
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  for (int loops = 0;;) {
    UniqueFd fd(static_cast<int>(syscall(SYS_openat2, root, path.empty() ? "." : path.c_str(), &how, sizeof how)));
    if (fd) return fd;
    // EAGAIN: something was renamed or mounted, wherever on the machine, while a ".." was resolved (openat2(2)).
    if (errno == EAGAIN) continue;
    // A rename anywhere makes the kernel start over, but what it counts links with goes on: 21 links may seem 41.
    if (errno != ELOOP || ++loops > kLoopAttempts) return fd;
  }
}

struct Name {
  std::string parent;  // "" is the root
  std::string last;
};

Name cut(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {"", path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

// What is set when a file or directory has all its content.
struct Attributes {
  uint32_t mode;
  uid_t uid;
  gid_t gid;
  int64_t mtime;
};

Attributes attributes_of(const Entry& entry) {
  return {entry.mode & 07777, static_cast<uid_t>(entry.uid), static_cast<gid_t>(entry.gid), entry.mtime};
}

class Applier {
 public:
  Applier(int root, const ApplyOptions& options) : root_(root), options_(options) {}

  Result<ApplyReport> run(TarReader& tar) {
    for (;;) {
      TRY_ASSIGN(std::optional<Entry> entry, tar.next());
      if (!entry) break;
      ++report_.entries;
      TRY(apply(*entry, tar.content()));
    }
    TRY(finish_directories());
    return report_;
  }

 private:
  Result<void> apply(Entry& entry, Source& content) {
    const auto path = normal_path(entry.path);
    if (!path) return fail("layer", entry.path, "a path with \"..\" or an impossible name");
    if (path->empty()) return {};  // the root is the caller's
    entry.path = *path;
    const Name name = cut(*path);
    TRY_ASSIGN(const UniqueFd parent, open_parent(name.parent));
    if (name.last == kOpaqueWhiteout) return make_opaque(name.parent, parent.get());
    if (name.last.starts_with(kWhiteoutPrefix)) {
      const std::string hidden = name.last.substr(kWhiteoutPrefix.size());
      if (hidden.empty() || hidden == "." || hidden == "..") return fail("layer", *path, "a whiteout of nothing");
      return remover_.remove(parent.get(), hidden);
    }
    TRY(make(entry, parent.get(), name.last, content));
    note(*path);
    return {};
  }

  // The directory `path`, which is made where it is missing.
  Result<UniqueFd> open_parent(const std::string& path) {
    UniqueFd found = open_in_root(root_, path, O_PATH | O_DIRECTORY);
    if (found) return found;
    if (errno != ENOENT) return fail_errno("layer", path, errno);
    const Name name = cut(path);
    TRY_ASSIGN(const UniqueFd above, open_parent(name.parent));
    if (mkdirat(above.get(), name.last.c_str(), 0755) != 0) return fail_errno("layer", path, errno);
    note(path);
    found = open_in_root(root_, path, O_PATH | O_DIRECTORY);
    if (!found) return fail_errno("layer", path, errno);
    return found;
  }

  // Everything in the directory that is from a lower layer goes.
  Result<void> make_opaque(const std::string& path, int parent) {
    TRY_ASSIGN(const std::vector<std::string> names, names_in(parent, "."));
    for (const std::string& name : names) {
      const std::string full = path.empty() ? name : path + "/" + name;
      if (!made_.contains(std::hash<std::string>()(full))) TRY(remover_.remove(parent, name));
    }
    return {};
  }

  Result<void> make(const Entry& entry, int parent, const std::string& name, Source& content) {
    if (entry.type == EntryType::CharDevice || entry.type == EntryType::BlockDevice) {
      if (options_.devices == Devices::Refuse) return fail("layer", entry.path, "a device");
      if (options_.devices == Devices::Skip) {
        ++report_.skipped_devices;
        return {};
      }
    }
    TRY(make_room(entry, parent, name));
    switch (entry.type) {
      case EntryType::File: return make_file(entry, parent, name, content);
      case EntryType::Directory: return make_directory(entry, parent, name);
      case EntryType::Hardlink: return make_hardlink(entry, parent, name);
      case EntryType::Symlink:
        if (entry.link_target.empty()) return fail("layer", entry.path, "a symbolic link to nothing");
        if (symlinkat(entry.link_target.c_str(), parent, name.c_str()) != 0) return failed(entry);
        return finish_node(entry, parent, name);
      default: return make_node(entry, parent, name);
    }
  }

  tl::unexpected<Error> failed(const Entry& entry) const { return fail_errno("layer", entry.path, errno); }

  // What is there already gives way, but a directory to a directory.
  Result<void> make_room(const Entry& entry, int parent, const std::string& name) {
    struct stat status{};
    if (fstatat(parent, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return {};
    if (S_ISDIR(status.st_mode) && entry.type == EntryType::Directory) return {};
    return remover_.remove(parent, name);
  }

  Result<void> make_file(const Entry& entry, int parent, const std::string& name, Source& content) {
    const UniqueFd fd(openat(parent, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd) return failed(entry);
    FdSink sink(fd.get(), entry.path);
    TRY_ASSIGN(const uint64_t size, copy_all(content, sink));
    report_.bytes += size;
    TRY(finish_open(fd.get(), entry.path, attributes_of(entry)));
    set_xattrs(fd.get(), entry);  // behind chown(2), which takes capabilities away
    return {};
  }

  // Mode and time come at the end: until then the directory has to be writable, and its time changes.
  Result<void> make_directory(const Entry& entry, int parent, const std::string& name) {
    if (mkdirat(parent, name.c_str(), 0700) != 0 && errno != EEXIST) return failed(entry);
    if (!entry.xattrs.empty()) {
      const UniqueFd fd(openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      set_xattrs(fd.get(), entry);
    }
    directories_[entry.path] = attributes_of(entry);
    return {};
  }

  void set_xattrs(int fd, const Entry& entry) {
    for (const auto& [key, value] : entry.xattrs) {
      if (fsetxattr(fd, key.c_str(), value.data(), value.size(), 0) != 0) ++report_.skipped_xattrs;
    }
  }

  Result<void> make_hardlink(const Entry& entry, int parent, const std::string& name) {
    const auto target = normal_path(entry.link_target);
    if (!target || target->empty()) return fail("layer", entry.path, "a hard link to \"" + entry.link_target + "\"");
    const Name from = cut(*target);
    const UniqueFd folder = open_in_root(root_, from.parent, O_PATH | O_DIRECTORY);
    if (!folder) return failed(entry);
    if (linkat(folder.get(), from.last.c_str(), parent, name.c_str(), 0) != 0) return failed(entry);
    return {};
  }

  Result<void> make_node(const Entry& entry, int parent, const std::string& name) {
    const mode_t type = entry.type == EntryType::Fifo         ? S_IFIFO
                        : entry.type == EntryType::CharDevice ? S_IFCHR
                                                              : S_IFBLK;
    if (mknodat(parent, name.c_str(), type | 0600, makedev(entry.device_major, entry.device_minor)) != 0) {
      return failed(entry);
    }
    return finish_node(entry, parent, name);
  }

  // Owner, mode and time of what has no descriptor.
  Result<void> finish_node(const Entry& entry, int parent, const std::string& name) const {
    if (options_.ownership == Ownership::Keep && fchownat(parent, name.c_str(), static_cast<uid_t>(entry.uid),
                                                          static_cast<gid_t>(entry.gid), AT_SYMLINK_NOFOLLOW) != 0) {
      return failed(entry);
    }
    if (entry.type != EntryType::Symlink && fchmodat(parent, name.c_str(), entry.mode & 07777, 0) != 0)
      return failed(entry);
    const timespec times[2] = {{entry.mtime, 0}, {entry.mtime, 0}};
    if (utimensat(parent, name.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0) return failed(entry);
    return {};
  }

  // Deepest first, so that a directory without write permission is no obstacle. One that a later entry replaced is left
  // alone.
  Result<void> finish_directories() {
    for (auto place = directories_.rbegin(); place != directories_.rend(); ++place) {
      const Name name = cut(place->first);
      const UniqueFd parent = open_in_root(root_, name.parent, O_PATH | O_DIRECTORY);
      if (!parent) continue;
      const UniqueFd fd(openat(parent.get(), name.last.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (fd) TRY(finish_open(fd.get(), place->first, place->second));
    }
    return {};
  }

  Result<void> finish_open(int fd, const std::string& path, const Attributes& wanted) const {
    const bool owned = options_.ownership == Ownership::Ignore || fchown(fd, wanted.uid, wanted.gid) == 0;
    const timespec times[2] = {{wanted.mtime, 0}, {wanted.mtime, 0}};
    if (!owned || fchmod(fd, wanted.mode) != 0 || futimens(fd, times) != 0) return fail_errno("layer", path, errno);
    return {};
  }

  void note(const std::string& path) { made_.insert(std::hash<std::string>()(path)); }

  const int root_;
  const ApplyOptions& options_;
  ApplyReport report_;
  TreeRemover remover_;
  // Hashes of the paths this layer made: whoever contrives a collision keeps a file of the image that he made himself.
  std::unordered_set<size_t> made_;
  std::map<std::string, Attributes> directories_;
};

}  // namespace

Result<ApplyReport> apply_layer(int root_fd, Source& layer, const ApplyOptions& options) {
  TRY_ASSIGN(const std::unique_ptr<Source> plain, make_decompressor(layer));
  HashingSource hashing(*plain);
  TRY_ASSIGN(TarReader tar, TarReader::create(hashing, options.limits));
  TRY_ASSIGN(ApplyReport report, Applier(root_fd, options).run(tar));
  TRY(hashing.drain());
  report.diff_id = hashing.digest();
  return report;
}

}  // namespace kontain::image
