#include "krun/cgroup/cgroup.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/text.h"
#include "krun/cgroup/files.h"
#include "krun/cgroup/members.h"

namespace kontain::krun::cgroup {
namespace {

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ",") + name;
  return text;
}

bool is_refusal(int error) { return error == EACCES || error == EPERM || error == EROFS; }

// v1's cpuset begins empty, and nothing can join it: what the parent has is copied down.
void inherit_cpuset(const std::string& folder) {
  for (const char* file : {"/cpuset.cpus", "/cpuset.mems"}) {
    const auto own = read_text(folder + file);
    if (!own || own->find_first_not_of(" \n") != std::string::npos) continue;
    if (const auto inherited = read_text(parent_of(folder) + file))
      static_cast<void>(write_text(folder + file, *inherited));
  }
}

// v2: a controller exists below a cgroup only if that one says so. What cannot be had is missed when it is used.
void delegate_controllers(const std::string& folder) {
  const auto available = read_text(folder + "/cgroup.controllers");
  if (!available) return;
  for (const std::string& name : split(available->substr(0, available->find('\n')), ' ')) {
    if (!name.empty()) static_cast<void>(write_text(folder + "/cgroup.subtree_control", "+" + name));
  }
}

Result<void> make_folder(const std::string& folder, bool unified) {
  if (exists(folder)) {
    inherit_cpuset(folder);
    return {};
  }
  const std::string parent = parent_of(folder);
  if (!exists(parent)) TRY(make_folder(parent, unified));
  if (unified) delegate_controllers(parent);
  if (mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) return fail_errno("make cgroup", folder, errno);
  inherit_cpuset(folder);
  return {};
}

// An flock(2) on a folder that is still the one of that name. Nothing: it was removed meanwhile.
Result<UniqueFd> lock_folder(const std::string& folder) {
  UniqueFd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd && errno == ENOENT) return UniqueFd();
  if (!fd) return fail_errno("open", folder, errno);
  if (!wait_until([&] { return flock(fd.get(), LOCK_EX | LOCK_NB) == 0; })) {
    return fail("cgroup", folder, "another container is being made there");
  }
  struct stat held;
  struct stat named;
  const bool same = fstat(fd.get(), &held) == 0 && stat(folder.c_str(), &named) == 0 && held.st_ino == named.st_ino;
  return same ? std::move(fd) : UniqueFd();
}

// The first limit that is asked for; nullptr: none. 0 and -1 are what engines write for "no limit".
const char* first_limit(const spec::Resources& resources) {
  const auto is_set = [](const auto& value) { return value && *value != 0 && static_cast<int64_t>(*value) != -1; };
  if (is_set(resources.memory_limit)) return "memory.limit";
  if (is_set(resources.memory_swap)) return "memory.swap";
  if (is_set(resources.memory_reservation)) return "memory.reservation";
  if (is_set(resources.cpu_quota)) return "cpu.quota";
  if (is_set(resources.cpu_shares)) return "cpu.shares";
  if (!resources.cpus.empty()) return "cpu.cpus";
  if (!resources.mems.empty()) return "cpu.mems";
  if (is_set(resources.pids_limit)) return "pids.limit";
  const bool throttles = !resources.read_bps.empty() || !resources.write_bps.empty() || !resources.read_iops.empty() ||
                         !resources.write_iops.empty();
  if (throttles || is_set(resources.io_weight)) return "blockIO";
  if (!resources.huge_pages.empty()) return "hugepageLimits";
  return resources.unified.empty() ? nullptr : "unified";
}

Result<void> remove_folder(const std::string& folder) {
  int error = 0;
  const bool removed = wait_until([&] {
    error = 0;
    for_each_folder(folder, [&](const std::string& each) {
      if (rmdir(each.c_str()) != 0 && errno != ENOENT) error = errno;
    });
    return error != EBUSY;
  });
  if (!removed || (error != 0 && !is_refusal(error))) return fail_errno("remove cgroup", folder, error);
  return {};
}

}  // namespace

std::vector<spec::DeviceRule> with_default_devices(std::vector<spec::DeviceRule> rules) {
  // Without rules nothing is refused.
  if (rules.empty()) return rules;
  using Number = std::optional<int64_t>;
  const auto allow = [&rules](char type, Number major, Number minor, const char* access) {
    rules.push_back({true, type, major, minor, access});
  };
  allow('c', {}, {}, "m");
  allow('b', {}, {}, "m");
  for (const int minor : {3, 5, 7, 8, 9}) allow('c', 1, minor, "rwm");  // null, zero, full, random, urandom
  for (const int minor : {0, 2}) allow('c', 5, minor, "rwm");           // tty, ptmx
  allow('c', 136, {}, "rwm");                                           // pts
  return rules;
}

Result<Cgroup> Cgroup::plan(const Layout& layout, const std::string& cgroups_path, const std::string& id) {
  Cgroup cgroup;
  cgroup.unified_ = layout.is_unified();
  for (const std::string& part : split(cgroups_path, '/')) {
    if (part == "..") return fail("linux.cgroupsPath", cgroups_path, "must not hold \"..\"");
  }
  const std::string inner = cgroups_path.empty() ? id : cgroups_path;
  if (inner.find(':') != std::string::npos && inner[0] != '/') {
    return fail("linux.cgroupsPath", inner, "systemd's cgroup driver is not supported yet; use cgroupfs");
  }
  for (const Hierarchy& hierarchy : layout.hierarchies) {
    std::string base = hierarchy.mount_point;
    // v2: a cgroup with processes of its own, as the runtime's is, cannot hand controllers down. Its parent can.
    const std::string own = cgroup.unified_ ? parent_of(hierarchy.own_path) : hierarchy.own_path;
    if (inner[0] != '/' && own != "/") base += own;
    std::string folder = base + (inner[0] == '/' ? "" : "/") + inner;
    while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
    if (folder == hierarchy.mount_point) return fail("linux.cgroupsPath", cgroups_path, "is the root of all cgroups");
    cgroup.folders_[joined(hierarchy.controllers)] = folder;
  }
  return cgroup;
}

// Beside v1's hierarchies v2's may be the one that has this controller.
Result<void> Cgroup::limit_huge_pages(const std::vector<spec::HugePageLimit>& limits) const {
  const auto v2 = folders_.find("");
  for (const spec::HugePageLimit& limit : limits) {
    const std::string name = "/hugetlb." + limit.page_size;
    const std::string v1_file = folder_of("hugetlb") + name + ".limit_in_bytes";
    const std::string v2_file = v2 == folders_.end() ? "" : v2->second + name + ".max";
    const std::string file = exists(v1_file) ? v1_file : v2_file;
    if (file.empty() || !exists(file)) {
      return fail("linux.resources.hugepageLimits", limit.page_size,
                  "this host has no hugetlb controller for that size");
    }
    TRY(write_text(file, std::to_string(limit.bytes)));
    // What is reserved and not touched yet counts by itself, where the kernel counts it.
    const std::string reserved = file.substr(0, file.rfind('.')) + ".rsvd" + file.substr(file.rfind('.'));
    if (exists(reserved)) TRY(write_text(reserved, std::to_string(limit.bytes)));
  }
  return {};
}

std::string Cgroup::folder_of(const std::string& controller) const {
  for (const auto& [names, folder] : folders_) {
    if (names == controller) return folder;
    const std::vector<std::string> list = split(names, ',');
    if (std::ranges::find(list, controller) != list.end()) return folder;
  }
  return unified_ && !folders_.empty() ? folders_.begin()->second : "";
}

Result<void> Cgroup::make(Presence presence) {
  if (presence == Presence::None) folders_.clear();
  for (auto at = folders_.begin(); at != folders_.end();) {
    auto made = make_folder(at->second, at->first.empty());
    if (!made && !(presence == Presence::IfAllowed && is_refusal(made.error().errno_value))) return made;
    at = made ? std::next(at) : folders_.erase(at);
  }
  return {};
}

Result<UniqueFd> Cgroup::claim(Presence presence) {
  constexpr int kTries = 5;  // each lost to a container that was just being removed
  for (int i = 0; i < kTries; ++i) {
    TRY(make(presence));
    const std::string folder = process_folder();
    if (folder.empty()) return UniqueFd();
    TRY_ASSIGN(UniqueFd fd, lock_folder(folder));
    if (!fd) continue;
    const size_t count = processes().size();
    if (count == 0) return fd;
    return fail("linux.cgroupsPath", folder,
                "is not empty: " + std::to_string(count) + (count == 1 ? " process" : " processes") + " of another");
  }
  return fail("linux.cgroupsPath", process_folder(), "is removed again and again by another");
}

Result<Entrance> Cgroup::open_entrance(const std::string& sub) const {
  Entrance entrance;
  std::string freezer;
  for (const auto& [names, folder] : folders_) {
    const std::string target = folder + (sub.empty() ? "" : "/" + sub);
    if (!sub.empty() && !exists(target)) continue;
    if (names.empty()) {
      TRY(entrance.set_v2(target));
    } else if (names == "freezer") {
      freezer = target;
    } else {
      TRY(entrance.add_v1(target));
    }
  }
  // The last one: in a frozen cgroup a process gets no further.
  if (!freezer.empty()) TRY(entrance.add_v1(freezer));
  return entrance;
}

std::string Cgroup::sub_beside(pid_t init) const {
  const std::string own = folder_of("");
  if (!unified_ || own.empty()) return "";
  const auto handed_down = read_text(own + "/cgroup.subtree_control");
  if (!handed_down || handed_down->find_first_not_of('\n') == std::string::npos) return "";
  const auto layout = detect_layout(init);
  if (!layout || layout->hierarchies.empty()) return "";
  const Hierarchy& hierarchy = layout->hierarchies.front();
  const std::string folder = hierarchy.mount_point + hierarchy.own_path;
  return folder.rfind(own + "/", 0) == 0 ? folder.substr(own.size() + 1) : "";
}

Result<void> Cgroup::apply(const spec::Resources& resources) const {
  if (folders_.empty()) {
    const char* limit = first_limit(resources);
    return limit ? fail("linux.resources", limit, "the container has no cgroup to set it in") : Result<void>();
  }
  TRY(unified_ ? apply_v2(resources) : apply_v1(resources));
  return limit_huge_pages(resources.huge_pages);
}

std::string Cgroup::process_folder() const {
  for (const char* controller : {"pids", "freezer", "memory"}) {
    if (std::string folder = folder_of(controller); !folder.empty()) return folder;
  }
  return folders_.empty() ? "" : folders_.begin()->second;
}

std::vector<pid_t> Cgroup::processes() const {
  const std::string folder = process_folder();
  return folder.empty() ? std::vector<pid_t>() : members_of(folder).processes;
}

Result<void> Cgroup::kill_all(int signal) const {
  const bool gone = wait_until([&] {
    const std::vector<pid_t> all = processes();
    for (const pid_t pid : all) kill(pid, signal);
    if (signal == SIGKILL && is_frozen()) static_cast<void>(thaw());
    return all.empty() || signal != SIGKILL;
  });
  if (!gone) return fail("kill", "", "processes of the container do not end");
  return {};
}

Result<void> Cgroup::remove() const {
  const std::string folder = process_folder();
  if (folder.empty()) return {};
  TRY_ASSIGN(const UniqueFd held, lock_folder(folder));
  if (held && !processes().empty()) return {};
  for (const auto& [names, each] : folders_) TRY(remove_folder(each));
  return {};
}

void Cgroup::remove_if_empty() const {
  for (const auto& [names, folder] : folders_) rmdir(folder.c_str());
}

}  // namespace kontain::krun::cgroup
