// A container's configuration (runtime-spec 1.2, config.json) as values. Strings are as they stand in the file; who
// uses them checks what they mean. Sizes are bytes, times microseconds where the specification has them so.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kontain::krun::spec {

using StringMap = std::map<std::string, std::string>;

struct IdMapping {
  uint32_t container_id = 0;
  uint32_t host_id = 0;
  uint32_t size = 0;
};

struct User {
  uint32_t uid = 0;
  uint32_t gid = 0;
  std::optional<uint32_t> umask;
  std::vector<uint32_t> additional_gids;
};

// Sets of capability numbers as bits.
struct Capabilities {
  uint64_t bounding = 0, effective = 0, inheritable = 0, permitted = 0, ambient = 0;
};

struct Rlimit {
  int resource = 0;  // RLIMIT_*
  uint64_t soft = 0;
  uint64_t hard = 0;
};

struct Scheduler {
  uint32_t policy = 0;  // SCHED_*
  int32_t nice = 0;
  int32_t priority = 0;
  uint64_t flags = 0;
  uint64_t runtime = 0, deadline = 0, period = 0;  // nanoseconds
};

struct IoPriority {
  int io_class = 0;  // IOPRIO_CLASS_*
  int priority = 0;
};

struct ConsoleSize {
  uint16_t height = 0;
  uint16_t width = 0;
};

struct Process {
  bool terminal = false;
  ConsoleSize console_size;
  std::string cwd;
  std::vector<std::string> environment;
  std::vector<std::string> arguments;
  User user;
  std::optional<Capabilities> capabilities;
  std::vector<Rlimit> rlimits;
  bool no_new_privileges = false;
  std::optional<int> oom_score_adj;
  std::string apparmor_profile;
  std::string selinux_label;
  std::optional<Scheduler> scheduler;
  std::optional<IoPriority> io_priority;
  std::string initial_cpu_affinity, final_cpu_affinity;  // lists such as "0-3,7"
};

struct Mount {
  std::string destination;
  std::string type;
  std::string source;
  std::vector<std::string> options;
  std::vector<IdMapping> uid_mappings, gid_mappings;
};

struct Hook {
  std::string path;
  std::vector<std::string> arguments;  // with argv[0]
  std::vector<std::string> environment;
  std::optional<int> timeout_seconds;
};

struct Hooks {
  std::vector<Hook> prestart, create_runtime, create_container, start_container, poststart, poststop;
};

struct Namespace {
  int flag = 0;      // CLONE_NEW*
  std::string path;  // empty: a new one
};

struct TimeOffset {
  std::string clock;  // "monotonic" or "boottime"
  int64_t seconds = 0;
  uint32_t nanoseconds = 0;
};

struct Device {
  std::string path;
  char type = 'c';  // c, u, b or p
  uint32_t major = 0, minor = 0;
  std::optional<uint32_t> mode;
  uint32_t uid = 0, gid = 0;
};

struct DeviceRule {
  bool allow = false;
  char type = 'a';                      // a, c or b
  std::optional<int64_t> major, minor;  // none: all
  std::string access;                   // of r, w, m
};

struct Throttle {
  uint64_t major = 0, minor = 0, rate = 0;
};

struct HugePageLimit {
  std::string page_size;  // as the kernel names it: "2MB", "1GB"
  uint64_t bytes = 0;
};

struct DeviceWeight {
  uint64_t major = 0, minor = 0;
  std::optional<uint16_t> weight, leaf_weight;
};

struct Resources {
  std::vector<DeviceRule> devices;
  // memory: -1 is no limit
  std::optional<int64_t> memory_limit, memory_reservation, memory_swap, kernel_tcp_memory;
  std::optional<uint64_t> swappiness;
  std::optional<bool> disable_oom_killer;
  bool check_before_update = false;
  // cpu
  std::optional<uint64_t> cpu_shares, cpu_period, cpu_burst, realtime_period;
  std::optional<int64_t> cpu_quota, realtime_runtime, cpu_idle;
  std::string cpus, mems;
  std::optional<int64_t> pids_limit;
  // blkio / io
  std::optional<uint16_t> io_weight, io_leaf_weight;
  std::vector<DeviceWeight> io_weight_devices;
  std::vector<Throttle> read_bps, write_bps, read_iops, write_iops;
  std::vector<HugePageLimit> huge_pages;
  StringMap unified;
};

struct SeccompArgument {
  uint32_t index = 0;
  uint64_t value = 0, second_value = 0;
  std::string op;
};

struct SeccompRule {
  std::vector<std::string> names;
  std::string action;
  std::optional<uint32_t> errno_value;
  std::vector<SeccompArgument> arguments;
};

struct Seccomp {
  std::string default_action;
  std::optional<uint32_t> default_errno;
  std::vector<std::string> architectures, flags;
  std::vector<SeccompRule> rules;
};

struct Linux {
  std::vector<IdMapping> uid_mappings, gid_mappings;
  std::vector<Namespace> namespaces;
  std::vector<Device> devices;
  std::string cgroups_path;
  std::vector<TimeOffset> time_offsets;
  StringMap sysctl;
  Resources resources;
  std::optional<Seccomp> seccomp;
  std::string rootfs_propagation;
  std::vector<std::string> masked_paths, readonly_paths;
  std::string mount_label;
};

struct Config {
  std::string version;
  std::optional<Process> process;
  std::string root_path;
  bool root_readonly = false;
  std::string hostname, domainname;
  std::vector<Mount> mounts;
  Hooks hooks;
  StringMap annotations;
  Linux linux_;
  std::vector<std::string> hypervisor_parameters;

  // The namespace of this kind that is asked for; nullptr: the runtime's own is kept.
  const Namespace* find_namespace(int flag) const;
  // True: asked for without a path.
  bool makes_namespace(int flag) const;
};

}  // namespace kontain::krun::spec
