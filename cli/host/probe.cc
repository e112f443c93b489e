#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/subprocess.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "cli/host/facts.h"
#include "cli/support/files.h"
#include "km/registry/registry.h"

namespace kontain::cli {
namespace {

constexpr const char* kSdkTools[] = {"km", "krun", "kontain-gcc"};

void probe_kernel(HostFacts& facts) {
  utsname name;
  if (uname(&name) != 0) return;
  facts.machine = name.machine;
  facts.kernel = name.release;
}

void probe_cpu(HostFacts& facts) {
  for (const std::string& line : split(read_text("/proc/cpuinfo").value_or(""), '\n')) {
    const size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const std::string key = trimmed(line.substr(0, colon));
    if (key == "model name" && facts.cpu_model.empty()) facts.cpu_model = trimmed(line.substr(colon + 1));
    if (key == "flags" && facts.cpu_flags.empty()) facts.cpu_flags = split(trimmed(line.substr(colon + 1)), ' ');
  }
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) facts.cpus = CPU_COUNT(&set);
}

// A static program must not ask the name services: /etc/group is read as a text.
std::string group_name(gid_t group) {
  for (const std::string& line : split(read_text("/etc/group").value_or(""), '\n')) {
    const std::vector<std::string> fields = split(line, ':');
    if (fields.size() >= 3 && fields[2] == std::to_string(group)) return fields[0];
  }
  return std::to_string(group);
}

void probe_kvm(HostFacts& facts) {
  struct stat info;
  facts.kvm.exists = stat("/dev/kvm", &info) == 0 && S_ISCHR(info.st_mode);
  if (!facts.kvm.exists) return;
  facts.kvm.group = group_name(info.st_gid);
  facts.kvm.group_may_use = info.st_gid != 0 && (info.st_mode & 0060) == 0060;
  const UniqueFd device(open("/dev/kvm", O_RDWR | O_CLOEXEC | O_NOCTTY));
  facts.kvm.open_errno = device ? 0 : errno;
}

std::string first_line(const std::string& text) { return split(text + "\n", '\n')[0]; }

void probe_sdk(HostFacts& facts) {
  const std::string folder = own_folder();
  for (const char* name : kSdkTools) {
    const std::string path = folder + "/" + name;
    const auto run = access(path.c_str(), X_OK) == 0 ? run_subprocess({path, "--version"}) : fail(path, "", "missing");
    const bool ran = run && run->signal == 0 && run->exit_code == 0;
    facts.sdk.push_back({name, ran ? first_line(run->out) : ""});
  }
}

void probe_self_test(HostFacts& facts) {
  const auto run = run_subprocess({own_folder() + "/km", "--self-test=json"});
  if (!run) {
    facts.self_test_problem = run.error().message();
    return;
  }
  if (run->exit_code == 0 && run->signal == 0) facts.self_test = parse_self_test(run->out);
  if (facts.self_test) return;
  facts.self_test_problem =
      run->signal != 0 ? "km --self-test ended by signal " + std::to_string(run->signal) : first_line(run->err);
}

Limit limit_of(int resource) {
  rlimit limit = {};
  getrlimit(static_cast<__rlimit_resource>(resource), &limit);
  return {limit.rlim_cur, limit.rlim_max};
}

void probe_limits(HostFacts& facts) {
  facts.address_space = limit_of(RLIMIT_AS);
  facts.descriptors = limit_of(RLIMIT_NOFILE);
  facts.legacy_va_layout = trimmed(read_text("/proc/sys/vm/legacy_va_layout").value_or(""));
  facts.overcommit = trimmed(read_text("/proc/sys/vm/overcommit_memory").value_or(""));
  facts.cgroups = cgroup_kind(read_text("/proc/self/mountinfo").value_or(""));
}

void probe_registry(HostFacts& facts) {
  facts.registry_folder = registry::folder_of(facts.user);
  const std::string parent = facts.registry_folder.substr(0, facts.registry_folder.rfind('/'));
  const bool exists = access(facts.registry_folder.c_str(), F_OK) == 0;
  facts.registry_usable = access((exists ? facts.registry_folder : parent).c_str(), R_OK | W_OK | X_OK) == 0;
}

bool can_make_user_namespace() {
  const pid_t child = fork();
  if (child < 0) return false;
  if (child == 0) _exit(unshare(CLONE_NEWUSER) == 0 ? 0 : 1);
  int status = 1;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status == 0;
}

void probe_rootless(HostFacts& facts) {
  facts.user_namespaces = can_make_user_namespace();
  facts.subordinate_ids = access("/etc/subuid", R_OK) == 0 && !find_tool("newuidmap").empty();
  facts.tun = static_cast<bool>(UniqueFd(open("/dev/net/tun", O_RDWR | O_CLOEXEC)));
  facts.pasta = find_tool("pasta");
  facts.slirp4netns = find_tool("slirp4netns");
  facts.ip = find_tool("ip");
  facts.iptables = find_tool("iptables");
}

// The first of `files`, or of the files in the folders among them, in which `find` sees krun.
std::string krun_of(const std::vector<std::string>& places, std::string (*find)(const std::string&)) {
  for (const std::string& place : places) {
    std::vector<std::string> files = {place};
    for (const std::string& name : entries_of(place)) files.push_back(place + "/" + name);
    for (const std::string& file : files) {
      const std::string krun = find(read_text(file).value_or(""));
      if (!krun.empty()) return krun;
    }
  }
  return "";
}

void probe_engines(HostFacts& facts) {
  const char* home = std::getenv("HOME");
  const std::string own = std::string(home ? home : "/nonexistent") + "/.config";
  struct Row {
    const char* name;
    std::vector<std::string> places;
    std::string (*find)(const std::string&);
  };
  const Row rows[] = {{"docker", {"/etc/docker/daemon.json", own + "/docker/daemon.json"}, krun_in_docker},
                      {"podman",
                       {own + "/containers/containers.conf", own + "/containers/containers.conf.d",
                        "/etc/containers/containers.conf", "/etc/containers/containers.conf.d"},
                       krun_in_toml},
                      {"containerd", {"/etc/containerd/config.toml", "/etc/containerd/conf.d"}, krun_in_toml}};
  for (const Row& row : rows) {
    facts.engines.push_back({row.name, find_tool(row.name), krun_of(row.places, row.find)});
  }
}

}  // namespace

HostFacts probe_host() {
  HostFacts facts;
  facts.user = geteuid();
  probe_kernel(facts);
  probe_cpu(facts);
  probe_kvm(facts);
  probe_self_test(facts);
  probe_sdk(facts);
  probe_limits(facts);
  probe_registry(facts);
  probe_rootless(facts);
  probe_engines(facts);
  return facts;
}

}  // namespace kontain::cli
