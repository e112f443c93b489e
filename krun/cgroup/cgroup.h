// A container's cgroup: one folder in each hierarchy of the host. Everything is a write to a file there (cgroupfs).
#pragma once

#include <sys/types.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"
#include "krun/cgroup/entrance.h"
#include "krun/cgroup/layout.h"
#include "krun/spec/model.h"

namespace kontain::krun::cgroup {

// How much a container needs a cgroup.
enum class Presence : uint8_t {
  Required,   // what cannot be made is an error
  IfAllowed,  // folders that this user may not make are left out
  None,       // there is none: processes stay where the runtime is
};

// What every container may use beside `rules`: the devices of the default list, terminals, and making nodes.
std::vector<spec::DeviceRule> with_default_devices(std::vector<spec::DeviceRule> rules);

// A plain value that the container's state keeps. Folders by the controller list of their hierarchy ("memory",
// "cpu,cpuacct", "name=systemd"); "" is v2's.
class Cgroup {
 public:
  Cgroup() = default;
  Cgroup(bool unified, std::map<std::string, std::string> folders) : unified_(unified), folders_(std::move(folders)) {}

  // Where the container `id` with this cgroupsPath belongs. Nothing is made. Absolute paths begin at the root of each
  // hierarchy, others at the runtime's own cgroup.
  static Result<Cgroup> plan(const Layout& layout, const std::string& cgroups_path, const std::string& id);

  bool is_unified() const { return unified_; }
  const std::map<std::string, std::string>& folders() const { return folders_; }
  // The folder of a v1 controller, or of v2; empty: none.
  std::string folder_of(const std::string& controller) const;

  // Makes the folders, which are this container's alone from here on: an error when a process of another is in them. As
  // long as the descriptor (an flock(2)) is open nobody else can claim or remove them. It is empty where there are no
  // folders.
  Result<UniqueFd> claim(Presence presence);
  // For a new process of the container; into the folder `sub` below where there is one of that name.
  Result<Entrance> open_entrance(const std::string& sub = "") const;
  // The `sub` for a process that belongs beside `init`, the container's first: v2 lets nobody into a cgroup that hands
  // controllers down, as one does whose container makes cgroups of its own.
  std::string sub_beside(pid_t init) const;
  // A limit without a folder to set it in is an error; rules for devices are not, because without a folder there is
  // nobody else's device within reach that was not before.
  Result<void> apply(const spec::Resources& resources) const;

  Result<void> freeze() const;
  Result<void> thaw() const;
  bool is_frozen() const;

  // All processes in it and below it, each once.
  std::vector<pid_t> processes() const;
  // Sends `signal` to all of them; SIGKILL until there is none left.
  Result<void> kill_all(int signal) const;
  // Removes the folders; there may be none. Those that another container claimed meanwhile stay.
  Result<void> remove() const;
  // The same for folders that were never claimed: what is not empty is somebody's and stays.
  void remove_if_empty() const;

  // What `events --stats` shows as "data".
  nlohmann::json statistics() const;

 private:
  Result<void> make(Presence presence);
  std::string process_folder() const;
  Result<void> apply_v1(const spec::Resources& resources) const;
  Result<void> apply_v2(const spec::Resources& resources) const;
  Result<void> limit_huge_pages(const std::vector<spec::HugePageLimit>& limits) const;

  bool unified_ = false;
  std::map<std::string, std::string> folders_;
};

}  // namespace kontain::krun::cgroup
