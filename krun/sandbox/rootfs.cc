#include "krun/sandbox/rootfs.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>

#include "base/text.h"
#include "krun/sandbox/mount_options.h"
#include "krun/sandbox/mounts.h"
#include "krun/sandbox/paths.h"
#include "krun/spec/reader.h"

namespace kontain::krun::sandbox {
namespace {

struct DefaultDevice {
  const char* path;
  unsigned major, minor;
};

// runtime-spec, config-linux.md, "Default Devices"; /dev/console and /dev/ptmx come from the terminal.
constexpr DefaultDevice kDevices[] = {{"/dev/null", 1, 3},   {"/dev/zero", 1, 5},    {"/dev/full", 1, 7},
                                      {"/dev/random", 1, 8}, {"/dev/urandom", 1, 9}, {"/dev/tty", 5, 0}};

struct Link {
  const char* target;
  const char* name;
};
constexpr Link kLinks[] = {{"/proc/self/fd", "fd"},
                           {"/proc/self/fd/0", "stdin"},
                           {"/proc/self/fd/1", "stdout"},
                           {"/proc/self/fd/2", "stderr"}};

// The propagation of the mount that holds `path` must not be shared: pivot_root(2) refuses it.
Result<void> make_parent_private(const std::string& path) {
  for (std::string at = path;; at = parent_of(at)) {
    if (mount(nullptr, at.c_str(), nullptr, MS_PRIVATE, nullptr) == 0) return {};
    if (errno != EINVAL || at == "/") return fail_errno("make private", at, errno);
  }
}

// As mountinfo has it: what would end a field or a line is \OOO (mangle_path in fs/proc_namespace.c).
std::string escape_mount_point(const std::string& path) {
  std::string text;
  for (const char c : path) {
    switch (c) {
      case ' ': text += "\\040"; break;
      case '\t': text += "\\011"; break;
      case '\n': text += "\\012"; break;
      case '\\': text += "\\134"; break;
      case '#': text += "\\043"; break;
      default: text += c;
    }
  }
  return text;
}

mode_t kind_of(char type) {
  if (type == 'b') return S_IFBLK;
  return type == 'p' ? S_IFIFO : S_IFCHR;
}

Result<void> bind_device(int root, const std::string& path) {
  UniqueFd tree(open_tree(AT_FDCWD, path.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
  if (!tree) return fail_errno("device", path, errno);
  TRY_ASSIGN(const UniqueFd place, make_file_in_root(root, path));
  return attach(tree.get(), place.get(), path);
}

bool is_mounted(int file) {
  struct statx info = {};
  return statx(file, "", AT_EMPTY_PATH, 0, &info) == 0 && (info.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

Result<void> make_device(int root, const spec::Device& device, bool is_user_namespaced) {
  const std::string path = clean_path(device.path);
  if (is_user_namespaced && device.type != 'p') return bind_device(root, path);
  TRY_ASSIGN(const UniqueFd folder, make_folder_in_root(root, parent_of(path)));
  const std::string name = name_of(path);
  const mode_t mode = device.mode.value_or(0666) & 07777;
  if (mknodat(folder.get(), name.c_str(), kind_of(device.type) | mode, makedev(device.major, device.minor)) != 0) {
    if (errno == EPERM) return bind_device(root, path);
    if (errno != EEXIST) return fail_errno("mknod", path, errno);
  }
  const UniqueFd made(openat(folder.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat info;
  if (!made || fstat(made.get(), &info) != 0) return fail_errno("device", path, errno);
  const bool as_asked = (info.st_mode & S_IFMT) == kind_of(device.type) &&
                        (device.type == 'p' || info.st_rdev == makedev(device.major, device.minor));
  if (!as_asked) return fail("device", path, "something else is already there");
  // A device that was mounted there is the host's, with the host's mode and owner.
  if (is_mounted(made.get())) return {};
  if (fchmodat(folder.get(), name.c_str(), mode, 0) != 0 ||
      fchownat(made.get(), "", device.uid, device.gid, AT_EMPTY_PATH) != 0) {
    return fail_errno("device", path, errno);
  }
  return {};
}

// Where devpts is mounted, /dev/ptmx is its own.
Result<void> link_ptmx(int root, int dev) {
  if (!open_in_root(root, "/dev/pts/ptmx", O_PATH)) return {};
  unlinkat(dev, "ptmx", 0);
  if (symlinkat("pts/ptmx", dev, "ptmx") != 0 && errno != EEXIST) return fail_errno("link", "/dev/ptmx", errno);
  return {};
}

}  // namespace

Result<UniqueFd> prepare_root(const std::string& path, const std::string& propagation) {
  TRY_ASSIGN(const Propagation outer, parse_propagation(propagation.empty() ? "rslave" : propagation));
  const uint64_t recursive = outer.recursive || propagation.empty() ? MS_REC : 0;
  if (mount(nullptr, "/", nullptr, outer.flag | recursive, nullptr) != 0) {
    return fail_errno("propagation of /", propagation, errno);
  }
  TRY(make_parent_private(path));
  if (mount(path.c_str(), path.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0) {
    return fail_errno("bind the root file system", path, errno);
  }
  UniqueFd root(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return fail_errno("open the root file system", path, errno);
  return root;
}

Result<UniqueFd> prepare_shared_root(const std::string& path) {
  if (mount(path.c_str(), path.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0 ||
      mount(nullptr, path.c_str(), nullptr, MS_PRIVATE | MS_REC, nullptr) != 0) {
    return fail_errno("bind the root file system", path, errno);
  }
  UniqueFd root(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return fail_errno("open the root file system", path, errno);
  return root;
}

int count_mounts_at(const std::string& mountinfo, const std::string& path) {
  constexpr size_t kMountPoint = 4;
  const std::string written = escape_mount_point(path);
  int count = 0;
  for (const std::string& line : split(mountinfo, '\n')) {
    const std::vector<std::string> fields = split(line, ' ');
    if (fields.size() > kMountPoint && fields[kMountPoint] == written) ++count;
  }
  return count;
}

Result<int> count_mounts_at(const std::string& path) {
  constexpr size_t kLargest = 64 << 20;
  TRY_ASSIGN(const std::string text, spec::read_file("/proc/self/mountinfo", kLargest));
  return count_mounts_at(text, path);
}

Result<void> remove_shared_root(const std::string& path, int left) {
  TRY_ASSIGN(int count, count_mounts_at(path));
  for (; count > left; --count) {
    if (umount2(path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) != 0) return fail_errno("unmount", path, errno);
  }
  return {};
}

bool has_foreign_dev(const std::vector<spec::Mount>& mounts) {
  bool foreign = false;
  for (const spec::Mount& mount : mounts) {
    if (clean_path(mount.destination) != "/dev") continue;
    const MountOptions options = parse_mount_options(mount.options);
    foreign = options.bind || options.bind_recursive || mount.type == "bind";
  }
  return foreign;
}

Result<void> make_devices(int root, const std::vector<spec::Device>& devices, bool is_user_namespaced) {
  for (const DefaultDevice& row : kDevices) {
    spec::Device device;
    device.path = row.path;
    device.major = row.major;
    device.minor = row.minor;
    TRY(make_device(root, device, is_user_namespaced));
  }
  for (const spec::Device& device : devices) TRY(make_device(root, device, is_user_namespaced));
  TRY_ASSIGN(const UniqueFd dev, make_folder_in_root(root, "/dev"));
  for (const Link& link : kLinks) {
    if (symlinkat(link.target, dev.get(), link.name) != 0 && errno != EEXIST) {
      return fail_errno("link", std::string("/dev/") + link.name, errno);
    }
  }
  return link_ptmx(root, dev.get());
}

Result<void> cover_foreign_proc(int root) {
  constexpr char kProc[] = "/proc";
  auto folder = open_in_root_without_links(root, kProc, O_PATH | O_DIRECTORY);
  if (!folder && folder.error().errno_value == ENOENT) {
    folder = make_folder_in_root(root, kProc);
    // Nobody else can make one there either.
    if (!folder && folder.error().errno_value == EROFS) return {};
  }
  if (!folder) return tl::make_unexpected(folder.error());
  struct statfs system;
  struct stat info;
  if (fstatfs(folder->get(), &system) != 0 || fstat(folder->get(), &info) != 0) return fail_errno("stat", kProc, errno);
  constexpr ino_t kRootOfProcfs = 1;  // PROC_ROOT_INO
  if (system.f_type == PROC_SUPER_MAGIC && info.st_ino == kRootOfProcfs) return {};
  return mask_path(root, kProc);
}

Result<UniqueFd> open_root_of(pid_t pid) {
  const std::string link = "/proc/" + std::to_string(pid) + "/root";
  UniqueFd root(open(link.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return fail_errno("open the root file system", link, errno);
  return root;
}

Result<void> enter_root(const UniqueFd& root, Pivot how) {
  const UniqueFd old(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!old || fchdir(root.get()) != 0) return fail_errno("enter the root file system", "", errno);
  switch (how) {
    case Pivot::Chroot:
      if (chroot(".") != 0) return fail_errno("chroot", "", errno);
      break;
    case Pivot::MoveMount:
      if (mount(".", "/", nullptr, MS_MOVE, nullptr) != 0 || chroot(".") != 0) {
        return fail_errno("move the root file system", "", errno);
      }
      break;
    case Pivot::PivotRoot:
      if (syscall(SYS_pivot_root, ".", ".") != 0) return fail_errno("pivot_root", "", errno);
      if (fchdir(old.get()) != 0 || mount(nullptr, ".", nullptr, MS_SLAVE | MS_REC, nullptr) != 0 ||
          umount2(".", MNT_DETACH) != 0) {
        return fail_errno("leave the old root", "", errno);
      }
      break;
  }
  if (chdir("/") != 0) return fail_errno("chdir", "/", errno);
  return {};
}

Result<void> finish_root(const std::string& propagation, bool readonly) {
  if (!propagation.empty()) {
    TRY_ASSIGN(const Propagation inner, parse_propagation(propagation));
    if (mount(nullptr, "/", nullptr, inner.flag | (inner.recursive ? MS_REC : 0), nullptr) != 0) {
      return fail_errno("rootfsPropagation", propagation, errno);
    }
  }
  mount_attr attributes = {};
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  if (readonly && mount_setattr(AT_FDCWD, "/", 0, &attributes, sizeof attributes) != 0) {
    return fail_errno("root.readonly", "", errno);
  }
  return {};
}

Result<void> enter_working_directory(const std::string& path, bool may_create) {
  const UniqueFd root(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return fail_errno("chdir", path, errno);
  auto folder =
      may_create ? make_folder_in_root(root.get(), path) : open_in_root(root.get(), path, O_PATH | O_DIRECTORY);
  if (!folder)
    return fail_errno("chdir to cwd (\"" + path + "\") set in config.json failed", "", folder.error().errno_value);
  if (fchdir(folder->get()) != 0) return fail_errno("chdir", path, errno);
  // A folder that cannot be reached from the root has a name that is not absolute (getcwd(2)).
  std::array<char, PATH_MAX> name{};
  const long length = syscall(SYS_getcwd, name.data(), name.size());
  if (length < 0) return fail_errno("chdir", path, errno);
  if (name[0] != '/')
    return fail("chdir", path, "current working directory is outside of container mount namespace root");
  return {};
}

}  // namespace kontain::krun::sandbox
