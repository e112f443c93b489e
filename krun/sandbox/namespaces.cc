#include "krun/sandbox/namespaces.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/subprocess.h"

namespace kontain::krun::sandbox {
namespace {

struct NamespaceRow {
  int flag;
  const char* name;
};

// In the order in which they are joined.
constexpr NamespaceRow kNamespaces[] = {{CLONE_NEWUSER, "user"}, {CLONE_NEWPID, "pid"}, {CLONE_NEWIPC, "ipc"},
                                        {CLONE_NEWUTS, "uts"},   {CLONE_NEWNET, "net"}, {CLONE_NEWCGROUP, "cgroup"},
                                        {CLONE_NEWTIME, "time"}, {CLONE_NEWNS, "mnt"}};

Result<void> write_file(const std::string& path, const std::string& text) {
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd || write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return fail_errno("write", path, errno);
  }
  return {};
}

std::string mapping_text(const std::vector<spec::IdMapping>& mappings) {
  std::string text;
  for (const spec::IdMapping& mapping : mappings) {
    text += std::to_string(mapping.container_id) + " " + std::to_string(mapping.host_id) + " " +
            std::to_string(mapping.size) + "\n";
  }
  return text;
}

Result<void> map_by_helper(const char* helper, pid_t pid, const std::vector<spec::IdMapping>& mappings) {
  std::vector<std::string> command = {helper, std::to_string(pid)};
  for (const spec::IdMapping& mapping : mappings) {
    for (const uint32_t number : {mapping.container_id, mapping.host_id, mapping.size}) {
      command.push_back(std::to_string(number));
    }
  }
  TRY_ASSIGN(const SubprocessResult result, run_subprocess(command));
  if (result.exit_code != 0 || result.signal != 0) return fail(helper, "", result.err);
  return {};
}

// Only its own single id is what a user without privileges may map itself.
bool maps_only(const std::vector<spec::IdMapping>& mappings, uint32_t own) {
  return mappings.size() == 1 && mappings[0].size == 1 && mappings[0].host_id == own;
}

bool same_file(const std::string& a, const std::string& b) {
  struct stat first;
  struct stat second;
  return stat(a.c_str(), &first) == 0 && stat(b.c_str(), &second) == 0 && first.st_ino == second.st_ino &&
         first.st_dev == second.st_dev;
}

}  // namespace

const char* namespace_name(int flag) {
  const auto* row = std::ranges::find(kNamespaces, flag, &NamespaceRow::flag);
  return row == std::end(kNamespaces) ? "" : row->name;
}

Result<std::vector<OpenNamespace>> open_namespaces(const std::vector<spec::Namespace>& namespaces) {
  std::vector<OpenNamespace> opened;
  for (const spec::Namespace& entry : namespaces) {
    if (entry.path.empty()) continue;
    UniqueFd fd(open(entry.path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!fd) return fail_errno("namespace path", entry.path, errno);
    if (ioctl(fd.get(), NS_GET_NSTYPE) != entry.flag) {
      return fail("namespace path", entry.path, std::string("is no ") + namespace_name(entry.flag) + " namespace");
    }
    opened.push_back({entry.flag, std::move(fd)});
  }
  return opened;
}

Result<std::vector<OpenNamespace>> open_namespaces_of(pid_t pid) {
  std::vector<OpenNamespace> opened;
  for (const NamespaceRow& row : kNamespaces) {
    const std::string path = "/proc/" + std::to_string(pid) + "/ns/" + row.name;
    if (same_file(path, std::string("/proc/self/ns/") + row.name)) continue;
    UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd && errno == ENOENT && row.flag == CLONE_NEWTIME) continue;
    if (!fd) return fail_errno("namespace", path, errno);
    opened.push_back({row.flag, std::move(fd)});
  }
  return opened;
}

Result<void> join_namespaces(const std::vector<OpenNamespace>& namespaces, int flags) {
  for (const NamespaceRow& row : kNamespaces) {
    if (!(flags & row.flag)) continue;
    const auto entry = std::ranges::find(namespaces, row.flag, &OpenNamespace::flag);
    if (entry == namespaces.end()) continue;
    if (setns(entry->fd.get(), row.flag) != 0) return fail_errno("join namespace", row.name, errno);
  }
  return {};
}

Result<UniqueFd> make_user_namespace(const std::vector<spec::IdMapping>& uids,
                                     const std::vector<spec::IdMapping>& gids) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return fail_errno("socketpair", "", errno);
  UniqueFd ours(ends[0]);
  UniqueFd theirs(ends[1]);
  const pid_t pid = fork();
  if (pid < 0) return fail_errno("fork", "", errno);
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    ours.reset();
    char byte = unshare(CLONE_NEWUSER) == 0 ? 1 : 0;
    if (write(theirs.get(), &byte, 1) == 1 && read(theirs.get(), &byte, 1) < 0) _exit(1);
    _exit(0);
  }
  theirs.reset();
  char made = 0;
  const bool answered = read(ours.get(), &made, 1) == 1 && made == 1;
  auto mapped = answered ? write_mappings(pid, uids, gids) : fail("user namespace", "", "cannot be made");
  UniqueFd fd(open(("/proc/" + std::to_string(pid) + "/ns/user").c_str(), O_RDONLY | O_CLOEXEC));
  ours.reset();
  while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (!mapped) return tl::make_unexpected(mapped.error());
  if (!fd) return fail("user namespace", "", "cannot be opened");
  return fd;
}

Result<void> write_mappings(pid_t pid, const std::vector<spec::IdMapping>& uids,
                            const std::vector<spec::IdMapping>& gids) {
  const std::string folder = "/proc/" + std::to_string(pid) + "/";
  if (!gids.empty()) {
    if (geteuid() != 0 && maps_only(gids, getegid())) TRY(write_file(folder + "setgroups", "deny"));
    if (auto written = write_file(folder + "gid_map", mapping_text(gids)); !written) {
      if (geteuid() == 0) return written;
      TRY(map_by_helper("newgidmap", pid, gids));
    }
  }
  if (!uids.empty()) {
    if (auto written = write_file(folder + "uid_map", mapping_text(uids)); !written) {
      if (geteuid() == 0) return written;
      TRY(map_by_helper("newuidmap", pid, uids));
    }
  }
  return {};
}

Result<void> make_time_namespace(const std::vector<spec::TimeOffset>& offsets) {
  if (unshare(CLONE_NEWTIME) != 0) return fail_errno("time namespace", "", errno);
  std::string text;
  for (const spec::TimeOffset& offset : offsets) {
    text += offset.clock + " " + std::to_string(offset.seconds) + " " + std::to_string(offset.nanoseconds) + "\n";
  }
  return text.empty() ? Result<void>() : write_file("/proc/self/timens_offsets", text);
}

Result<void> bring_loopback_up() {
  const UniqueFd socket_fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket_fd) return fail_errno("loopback", "", errno);
  ifreq request = {};
  std::strcpy(request.ifr_name, "lo");
  if (ioctl(socket_fd.get(), SIOCGIFFLAGS, &request) != 0) return fail_errno("loopback", "", errno);
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  if (ioctl(socket_fd.get(), SIOCSIFFLAGS, &request) != 0) return fail_errno("loopback", "", errno);
  return {};
}

namespace {

// Which namespace a sysctl belongs to; 0: it is the whole host's.
int namespace_of_sysctl(const std::string& name) {
  for (const char* ipc : {"kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall",
                          "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced"}) {
    if (name == ipc) return CLONE_NEWIPC;
  }
  if (name.rfind("fs.mqueue.", 0) == 0) return CLONE_NEWIPC;
  if (name.rfind("net.", 0) == 0) return CLONE_NEWNET;
  if (name == "kernel.domainname" || name == "kernel.hostname") return CLONE_NEWUTS;
  return name.rfind("user.", 0) == 0 ? CLONE_NEWUSER : 0;
}

// "net.ipv4.ip_forward", or with slashes where a name holds dots (sysctl.d(5)).
std::string sysctl_path(const std::string& name) {
  std::string path = name;
  const size_t first = name.find_first_of("./");
  const bool dots = first == std::string::npos || name[first] == '.';
  for (char& c : path) {
    if (dots && (c == '.' || c == '/')) c = c == '.' ? '/' : '.';
  }
  return path;
}

}  // namespace

Result<void> set_sysctls(const spec::StringMap& sysctls, const spec::Config& config) {
  for (const auto& [name, value] : sysctls) {
    const std::string path = sysctl_path(name);
    std::string dotted = path;
    std::ranges::replace(dotted, '/', '.');
    const int flag = namespace_of_sysctl(dotted);
    if (flag == 0) return fail("linux.sysctl", name, "is not in a separate kernel namespace");
    if (!config.find_namespace(flag)) return fail("linux.sysctl", name, "not allowed in the host's namespace");
    if (path.find("..") != std::string::npos) return fail("linux.sysctl", name, "is no name");
    TRY(write_file("/proc/sys/" + path, value));
  }
  return {};
}

}  // namespace kontain::krun::sandbox
