// The mounts of a configuration, made in the container's new mount namespace below its root. Every mount is made
// detached, given its attributes, and attached to a place found by descriptor: no step follows a path twice.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"
#include "krun/spec/model.h"

namespace kontain::krun::sandbox {

// A controller hierarchy of cgroup v1, or the one of v2, as the container shall see it.
struct CgroupView {
  std::string name;       // the folder in /sys/fs/cgroup: "memory"; empty: v2
  std::string data;       // what the hierarchy is mounted with: "memory", "none,name=systemd"
  std::string host_path;  // the container's own cgroup on the host
};

struct MountContext {
  int root = -1;          // the container's root, O_PATH
  std::string root_path;  // for messages
  std::vector<CgroupView> cgroups;
  bool has_cgroup_namespace = false;  // new: hierarchies show the container's cgroup as their root
  bool is_user_namespaced = false;
  std::string label;               // SELinux's, for new file systems; empty: none
  std::vector<UniqueFd> idmapped;  // by index of the mount: make_idmapped_tree(), or nothing
};

// What `mount` binds, detached and idmapped by a user namespace with the mappings. On the host: in a container's own
// user namespace nobody may.
Result<UniqueFd> make_idmapped_tree(const spec::Mount& mount, const UniqueFd& user_namespace);

// Mounts all of `mounts`, in their order.
Result<void> make_mounts(const MountContext& context, const std::vector<spec::Mount>& mounts);

// Bind mounts (O_PATH, detached) that cannot be written: over a file the host's /dev/null, over a folder an empty one.
Result<void> mask_path(int root, const std::string& path);
Result<void> make_path_readonly(int root, const std::string& path);

// Attaches a detached mount to an opened place.
Result<void> attach(int tree, int place, const std::string& path);

}  // namespace kontain::krun::sandbox
