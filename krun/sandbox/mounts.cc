#include "krun/sandbox/mounts.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "krun/sandbox/copy_tree.h"
#include "krun/sandbox/mount_options.h"
#include "krun/sandbox/paths.h"

namespace kontain::krun::sandbox {
namespace {

// Below /proc nothing may be covered but these (as runc): what is there tells programs about the system, and the
// monitor that the procfs is one.
constexpr std::string_view kAllowedBelowProc[] = {"/proc/cpuinfo",
                                                  "/proc/diskstats",
                                                  "/proc/meminfo",
                                                  "/proc/stat",
                                                  "/proc/swaps",
                                                  "/proc/uptime",
                                                  "/proc/loadavg",
                                                  "/proc/slabinfo",
                                                  "/proc/net/dev",
                                                  "/proc/sys/kernel/ns_last_pid",
                                                  "/proc/sys/crypto/fips_enabled"};

Result<void> set_attributes(int tree, const AttributeChange& change, unsigned flags, uint64_t propagation = 0,
                            int id_map = -1) {
  mount_attr attributes = {};
  attributes.attr_set = change.set;
  attributes.attr_clr = change.clear;
  attributes.propagation = propagation;
  if (id_map >= 0) {
    attributes.attr_set |= MOUNT_ATTR_IDMAP;
    attributes.userns_fd = static_cast<uint64_t>(id_map);
  }
  if (mount_setattr(tree, "", AT_EMPTY_PATH | flags, &attributes, sizeof attributes) != 0) {
    return fail_errno("mount_setattr", "", errno);
  }
  return {};
}

// Attributes and propagation of a mount that is not attached yet.
Result<void> dress(int tree, const MountOptions& options, bool is_bind) {
  if (is_bind && !options.attributes.is_empty()) TRY(set_attributes(tree, options.attributes, 0));
  if (!options.recursive_attributes.is_empty()) TRY(set_attributes(tree, options.recursive_attributes, AT_RECURSIVE));
  return {};
}

Result<void> propagate(int tree, const MountOptions& options) {
  for (const Propagation& propagation : options.propagation) {
    TRY(set_attributes(tree, {}, propagation.recursive ? AT_RECURSIVE : 0, propagation.flag));
  }
  return {};
}

Result<UniqueFd> clone_tree(int from, const std::string& path, bool recursive) {
  const unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0u) |
                         (path.empty() ? static_cast<unsigned>(AT_EMPTY_PATH) : 0u);
  UniqueFd tree(open_tree(from, path.c_str(), flags));
  if (!tree) return fail_errno("open_tree", path, errno);
  return tree;
}

Result<void> configure(int context, const std::string& option) {
  const size_t equals = option.find('=');
  const int result =
      equals == std::string::npos
          ? fsconfig(context, FSCONFIG_SET_FLAG, option.c_str(), nullptr, 0)
          : fsconfig(context, FSCONFIG_SET_STRING, option.substr(0, equals).c_str(), option.c_str() + equals + 1, 0);
  if (result != 0) return fail_errno("mount option", option, errno);
  return {};
}

// A new file system, mounted nowhere.
Result<UniqueFd> make_filesystem(const std::string& type, const std::string& source,
                                 const std::vector<std::string>& data, uint64_t attributes) {
  const UniqueFd context(fsopen(type.c_str(), FSOPEN_CLOEXEC));
  if (!context) return fail_errno("fsopen", type, errno);
  if (!source.empty()) fsconfig(context.get(), FSCONFIG_SET_STRING, "source", source.c_str(), 0);
  for (const std::string& option : data) TRY(configure(context.get(), option));
  if (fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) {
    return fail_errno("create file system", type, errno);
  }
  UniqueFd tree(fsmount(context.get(), FSMOUNT_CLOEXEC, static_cast<unsigned>(attributes)));
  if (!tree) return fail_errno("fsmount", type, errno);
  return tree;
}

bool is_folder(int fd) {
  struct stat info;
  return fstat(fd, &info) == 0 && S_ISDIR(info.st_mode);
}

bool is_procfs(int fd) {
  struct statfs info;
  return fstatfs(fd, &info) == 0 && info.f_type == PROC_SUPER_MAGIC;
}

Result<void> check_place(const std::string& destination, bool is_proc) {
  if (destination == "/") return fail("mount", destination, "the root of the container cannot be covered");
  const bool below = destination.rfind("/proc/", 0) == 0;
  if (destination == "/proc" && !is_proc) return fail("mount", destination, "only a procfs can be mounted at /proc");
  if (below && std::ranges::find(kAllowedBelowProc, destination) == std::end(kAllowedBelowProc)) {
    return fail("mount", destination, "cannot be mounted because it is inside /proc");
  }
  return {};
}

bool binds_recursively(const MountOptions& options) { return options.bind_recursive || !options.bind; }

Result<void> bind(const MountContext& context, const spec::Mount& mount, const MountOptions& options, size_t index) {
  const bool has_tree = index < context.idmapped.size() && context.idmapped[index];
  UniqueFd tree(has_tree ? fcntl(context.idmapped[index].get(), F_DUPFD_CLOEXEC, 0) : -1);
  if (!has_tree) {
    TRY_ASSIGN(tree, clone_tree(AT_FDCWD, mount.source, binds_recursively(options)));
  }
  const std::string destination = clean_path(mount.destination);
  TRY(check_place(destination, is_procfs(tree.get())));
  if (auto dressed = dress(tree.get(), options, true); !dressed) return dressed;
  // A tree of the host's is a peer of the original where that is shared: what is mounted inside must not show outside.
  if (options.propagation.empty()) TRY(set_attributes(tree.get(), {}, AT_RECURSIVE, MS_PRIVATE));
  TRY(propagate(tree.get(), options));
  TRY_ASSIGN(const UniqueFd place, is_folder(tree.get()) ? make_folder_in_root(context.root, destination)
                                                         : make_file_in_root(context.root, destination));
  return attach(tree.get(), place.get(), destination);
}

Result<void> remount(const MountContext& context, const spec::Mount& mount, const MountOptions& options) {
  TRY_ASSIGN(const UniqueFd place, open_in_root(context.root, mount.destination, O_PATH));
  TRY(set_attributes(place.get(), options.attributes, 0));
  return dress(place.get(), options, false);
}

// procfs and sysfs must be where programs, and the monitor, expect them: no link of the image leads them elsewhere.
bool must_be_in_place(const std::string& type) { return type == "proc" || type == "sysfs"; }

// The kernel labels the files of the others itself.
bool takes_label(const std::string& type) { return type != "proc" && type != "sysfs" && type != "mqueue"; }

Result<void> mount_filesystem(const MountContext& context, const spec::Mount& mount, const MountOptions& options) {
  const std::string destination = clean_path(mount.destination);
  TRY(check_place(destination, mount.type == "proc"));
  TRY_ASSIGN(UniqueFd place, make_folder_in_root(context.root, destination));
  if (must_be_in_place(mount.type)) {
    auto direct = open_in_root_without_links(context.root, destination, O_PATH | O_DIRECTORY);
    if (!direct) return fail("mount " + destination, mount.type, "a symbolic link is in the way");
    place = std::move(*direct);
  }
  std::vector<std::string> data = options.data;
  if (!context.label.empty() && takes_label(mount.type)) data.push_back("context=" + context.label);
  TRY_ASSIGN(const UniqueFd tree, make_filesystem(mount.type, mount.source, data, options.attributes.set));
  if (options.copy_up && mount.type == "tmpfs") TRY(copy_tree(place.get(), tree.get()));
  TRY(dress(tree.get(), options, false));
  TRY(propagate(tree.get(), options));
  return attach(tree.get(), place.get(), destination);
}

// One hierarchy: as a file system of its own where the cgroup namespace hides what is above, else as a bind mount.
Result<UniqueFd> cgroup_tree(const MountContext& context, const CgroupView& view) {
  if (context.has_cgroup_namespace) {
    const std::string type = view.name.empty() ? "cgroup2" : "cgroup";
    std::vector<std::string> data;
    for (size_t at = 0; at < view.data.size();) {
      const size_t comma = std::min(view.data.find(',', at), view.data.size());
      data.push_back(view.data.substr(at, comma - at));
      at = comma + 1;
    }
    auto own = make_filesystem(type, "cgroup", data, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    if (own || !context.is_user_namespaced) return own;
  }
  return clone_tree(AT_FDCWD, view.host_path, false);
}

Result<void> mount_one_cgroup(const MountContext& context, const CgroupView& view, const std::string& destination,
                              const MountOptions& options) {
  auto tree = cgroup_tree(context, view);
  if (!tree) return tl::make_unexpected(tree.error());
  AttributeChange change = options.attributes;
  change.set |= MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  TRY(set_attributes(tree->get(), change, 0));
  TRY_ASSIGN(const UniqueFd place, make_folder_in_root(context.root, destination));
  return attach(tree->get(), place.get(), destination);
}

// "cpu,cpuacct" has the links cpu and cpuacct.
void link_controllers(int root, const std::string& folder, const std::string& name) {
  if (name.find(',') == std::string::npos) return;
  const auto place = open_in_root(root, folder, O_PATH | O_DIRECTORY);
  if (!place) return;
  for (size_t at = 0; at < name.size();) {
    const size_t comma = std::min(name.find(',', at), name.size());
    if (symlinkat(name.c_str(), place->get(), name.substr(at, comma - at).c_str()) != 0) return;
    at = comma + 1;
  }
}

Result<void> mount_cgroups(const MountContext& context, const spec::Mount& mount, const MountOptions& options) {
  const std::string destination = clean_path(mount.destination);
  TRY(check_place(destination, false));
  const bool unified = context.cgroups.size() == 1 && context.cgroups[0].name.empty();
  if (unified) return mount_one_cgroup(context, context.cgroups[0], destination, options);
  TRY_ASSIGN(const UniqueFd place, make_folder_in_root(context.root, destination));
  TRY_ASSIGN(const UniqueFd top,
             make_filesystem("tmpfs", "tmpfs", {"mode=755"}, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC));
  TRY(attach(top.get(), place.get(), destination));
  for (const CgroupView& view : context.cgroups) {
    const std::string name = view.name.empty() ? "unified" : view.name;
    TRY(mount_one_cgroup(context, view, destination + "/" + name, options));
    link_controllers(context.root, destination, name);
  }
  if (options.attributes.set & MOUNT_ATTR_RDONLY) TRY(set_attributes(top.get(), {MOUNT_ATTR_RDONLY, 0}, 0));
  return {};
}

Result<void> make_mount(const MountContext& context, const spec::Mount& mount, size_t index) {
  const MountOptions options = parse_mount_options(mount.options);
  if (options.remount) return remount(context, mount, options);
  if (options.bind || options.bind_recursive || mount.type == "bind") return bind(context, mount, options, index);
  if (mount.type == "cgroup" || mount.type == "cgroup2") return mount_cgroups(context, mount, options);
  if (mount.type.empty()) return fail("mounts", mount.destination, "has neither a type nor the option bind");
  return mount_filesystem(context, mount, options);
}

}  // namespace

Result<void> attach(int tree, int place, const std::string& path) {
  if (move_mount(tree, "", place, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) == 0) return {};
  return fail_errno("move_mount", path, errno);
}

Result<UniqueFd> make_idmapped_tree(const spec::Mount& mount, const UniqueFd& user_namespace) {
  const MountOptions options = parse_mount_options(mount.options);
  TRY_ASSIGN(UniqueFd tree, clone_tree(AT_FDCWD, mount.source, binds_recursively(options)));
  TRY(set_attributes(tree.get(), {}, options.idmap_recursive ? AT_RECURSIVE : 0, 0, user_namespace.get()));
  return tree;
}

Result<void> make_mounts(const MountContext& context, const std::vector<spec::Mount>& mounts) {
  for (size_t i = 0; i < mounts.size(); ++i) {
    auto made = make_mount(context, mounts[i], i);
    if (made) continue;
    Error error = made.error();
    const std::string& source = mounts[i].source.empty() ? mounts[i].type : mounts[i].source;
    return tl::make_unexpected(Error{"error mounting \"" + source + "\" to rootfs at \"" + mounts[i].destination + "\"",
                                     error.message(), "", error.errno_value});
  }
  return {};
}

Result<void> mask_path(int root, const std::string& path) {
  const auto place = open_in_root(root, path, O_PATH);
  if (!place) {
    const int error = place.error().errno_value;
    if (error == ENOENT || error == ENOTDIR || error == EACCES) return {};
    return tl::make_unexpected(place.error());
  }
  if (is_folder(place->get())) {
    TRY_ASSIGN(const UniqueFd empty, make_filesystem("tmpfs", "tmpfs", {"size=0k", "mode=755"}, MOUNT_ATTR_RDONLY));
    return attach(empty.get(), place->get(), path);
  }
  TRY_ASSIGN(const UniqueFd null, clone_tree(AT_FDCWD, "/dev/null", false));
  struct stat info;
  const bool is_null = fstat(null.get(), &info) == 0 && S_ISCHR(info.st_mode) && info.st_rdev == makedev(1, 3);
  if (!is_null) return fail("mask", path, "the host's /dev/null is no null device");
  return attach(null.get(), place->get(), path);
}

Result<void> make_path_readonly(int root, const std::string& path) {
  const auto place = open_in_root(root, path, O_PATH);
  if (!place) {
    const int error = place.error().errno_value;
    if (error == ENOENT || error == ENOTDIR || error == EACCES) return {};
    return tl::make_unexpected(place.error());
  }
  TRY_ASSIGN(const UniqueFd tree, clone_tree(place->get(), "", true));
  TRY(set_attributes(tree.get(), {MOUNT_ATTR_RDONLY, 0}, AT_RECURSIVE));
  return attach(tree.get(), place->get(), path);
}

}  // namespace kontain::krun::sandbox
