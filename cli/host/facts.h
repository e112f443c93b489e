// What `kontain doctor` looks at: plain values, collected in one place and judged in another (judge.h).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kontain::cli {

// /dev/kvm, as this user sees it.
struct KvmDevice {
  bool exists = false;
  int open_errno = 0;  // of opening it for reading and writing; 0: it could be opened
  std::string group;   // that owns it, by name or number
  bool group_may_use = false;
};

// What `km --self-test=json` printed.
struct SelfTest {
  std::string recipe;        // "A": no hardware virtualisation is visible; "B": Intel VMX or AMD SVM
  uint64_t exit_ns = 0;      // one call that leaves the guest; 0: not measured, as on recipe B
  uint64_t exitless_ns = 0;  // one call through memory; 0: not possible here
  std::string calls;         // what --calls=auto means here
  bool vdso = false;
};

// A program of the SDK beside this one.
struct SdkTool {
  std::string name;
  std::string version_line;  // the first line of --version; empty: it could not be run
};

struct Engine {
  std::string name;
  std::string path;  // of its program; empty: not installed
  std::string krun;  // the path that its configuration gives for the runtime krun; empty: krun is not registered
};

struct Limit {
  uint64_t soft = 0;
  uint64_t hard = 0;
};

enum class CgroupKind : uint8_t { None, V1, Hybrid, V2 };

struct HostFacts {
  std::string machine;  // uname -m
  std::string kernel;   // uname -r
  std::string cpu_model;
  std::vector<std::string> cpu_flags;
  int cpus = 1;  // that this process may use
  KvmDevice kvm;
  std::optional<SelfTest> self_test;
  std::string self_test_problem;  // what km said when it failed
  std::vector<SdkTool> sdk;
  Limit address_space;  // bytes, RLIM_INFINITY: none
  Limit descriptors;
  std::string legacy_va_layout;  // vm.legacy_va_layout; empty: cannot be read
  std::string overcommit;        // vm.overcommit_memory
  uid_t user = 0;
  std::string registry_folder;
  bool registry_usable = false;
  CgroupKind cgroups = CgroupKind::None;
  bool user_namespaces = false;  // one could be made
  bool subordinate_ids = false;  // /etc/subuid and newuidmap
  bool tun = false;              // /dev/net/tun can be opened
  std::string pasta;             // path; empty: not installed
  std::string slirp4netns;
  std::string ip;  // of iproute2
  std::string iptables;
  std::vector<Engine> engines;
};

// Looks at this host. Starts km (its self-test makes one virtual machine) and the other tools' --version.
HostFacts probe_host();

// The text of `km --self-test=json`; nothing when it is none.
std::optional<SelfTest> parse_self_test(const std::string& text);

// From the text of /proc/self/mountinfo.
CgroupKind cgroup_kind(const std::string& mountinfo);

// The path that a configuration text gives for the runtime krun, as Docker's daemon.json (JSON), podman's
// containers.conf and containerd's config.toml (TOML) write it; empty: none. `is_json` picks the format.
std::string krun_in_docker(const std::string& daemon_json);
std::string krun_in_toml(const std::string& text);

}  // namespace kontain::cli
