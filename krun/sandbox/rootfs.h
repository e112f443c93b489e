// The container's root folder, from the bundle to "/".
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"
#include "krun/spec/model.h"

namespace kontain::krun::sandbox {

// In a new mount namespace: cuts it off from the host's as `propagation` says (empty: "rslave") and makes `path` a
// mount of its own. Returns it, O_PATH.
Result<UniqueFd> prepare_root(const std::string& path, const std::string& propagation);

// The same in the host's mount namespace, of which nothing else changes: `path` becomes a mount that is private with
// all below it, until remove_shared_root() takes it away.
Result<UniqueFd> prepare_shared_root(const std::string& path);

// How many mounts are at `path`, one above the other, by a mountinfo (proc_pid_mountinfo(5)).
int count_mounts_at(const std::string& mountinfo, const std::string& path);
// The same of this process's mount namespace.
Result<int> count_mounts_at(const std::string& path);

// Detaches what is mounted at `path`, with all below it, until `left` mounts are there.
Result<void> remove_shared_root(const std::string& path, int left);

// The devices of the specification's default list and of `devices`, and the links of /dev.
Result<void> make_devices(int root, const std::vector<spec::Device>& devices, bool is_user_namespaced);

// True when the configuration brings a /dev of the host's.
bool has_foreign_dev(const std::vector<spec::Mount>& mounts);

// The root folder of a process, O_PATH.
Result<UniqueFd> open_root_of(pid_t pid);

// Where still no procfs is mounted at /proc: an empty folder that nobody can write. Files of an image by the names that
// a procfs has are not to be taken for the kernel's.
Result<void> cover_foreign_proc(int root);

enum class Pivot { PivotRoot, MoveMount, Chroot };

// Makes `root` the root and the working directory of this process, with nothing of the old one left. Chroot leaves the
// mount namespace as it is.
Result<void> enter_root(const UniqueFd& root, Pivot how);

// The last changes to "/": its propagation and whether it can be written.
Result<void> finish_root(const std::string& propagation, bool readonly);

// Changes to the folder `path` in the current root, made if it is missing, and proves that it lies inside.
Result<void> enter_working_directory(const std::string& path, bool may_create);

}  // namespace kontain::krun::sandbox
