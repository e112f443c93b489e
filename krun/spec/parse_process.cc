#include <linux/capability.h>
#include <linux/sched.h>
#include <sys/resource.h>

#include "krun/spec/parse.h"
#include "krun/spec/parse_internal.h"

namespace kontain::krun::spec {
namespace {

// capabilities(7), by number.
constexpr std::string_view kCapabilities[] = {"CHOWN",
                                              "DAC_OVERRIDE",
                                              "DAC_READ_SEARCH",
                                              "FOWNER",
                                              "FSETID",
                                              "KILL",
                                              "SETGID",
                                              "SETUID",
                                              "SETPCAP",
                                              "LINUX_IMMUTABLE",
                                              "NET_BIND_SERVICE",
                                              "NET_BROADCAST",
                                              "NET_ADMIN",
                                              "NET_RAW",
                                              "IPC_LOCK",
                                              "IPC_OWNER",
                                              "SYS_MODULE",
                                              "SYS_RAWIO",
                                              "SYS_CHROOT",
                                              "SYS_PTRACE",
                                              "SYS_PACCT",
                                              "SYS_ADMIN",
                                              "SYS_BOOT",
                                              "SYS_NICE",
                                              "SYS_RESOURCE",
                                              "SYS_TIME",
                                              "SYS_TTY_CONFIG",
                                              "MKNOD",
                                              "LEASE",
                                              "AUDIT_WRITE",
                                              "AUDIT_CONTROL",
                                              "SETFCAP",
                                              "MAC_OVERRIDE",
                                              "MAC_ADMIN",
                                              "SYSLOG",
                                              "WAKE_ALARM",
                                              "BLOCK_SUSPEND",
                                              "AUDIT_READ",
                                              "PERFMON",
                                              "BPF",
                                              "CHECKPOINT_RESTORE"};
static_assert(std::size(kCapabilities) == CAP_CHECKPOINT_RESTORE + 1);

constexpr Word<int> kRlimits[] = {
    {"RLIMIT_AS", RLIMIT_AS},           {"RLIMIT_CORE", RLIMIT_CORE},         {"RLIMIT_CPU", RLIMIT_CPU},
    {"RLIMIT_DATA", RLIMIT_DATA},       {"RLIMIT_FSIZE", RLIMIT_FSIZE},       {"RLIMIT_LOCKS", RLIMIT_LOCKS},
    {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK}, {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE}, {"RLIMIT_NICE", RLIMIT_NICE},
    {"RLIMIT_NOFILE", RLIMIT_NOFILE},   {"RLIMIT_NPROC", RLIMIT_NPROC},       {"RLIMIT_RSS", RLIMIT_RSS},
    {"RLIMIT_RTPRIO", RLIMIT_RTPRIO},   {"RLIMIT_RTTIME", RLIMIT_RTTIME},     {"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
    {"RLIMIT_STACK", RLIMIT_STACK}};

constexpr Word<uint32_t> kPolicies[] = {
    {"SCHED_OTHER", SCHED_OTHER}, {"SCHED_FIFO", SCHED_FIFO}, {"SCHED_RR", SCHED_RR},
    {"SCHED_BATCH", SCHED_BATCH}, {"SCHED_ISO", 4},           {"SCHED_IDLE", SCHED_IDLE},
    {"SCHED_DEADLINE", 6}};

constexpr Word<uint64_t> kSchedulerFlags[] = {{"SCHED_FLAG_RESET_ON_FORK", 0x01}, {"SCHED_FLAG_RECLAIM", 0x02},
                                              {"SCHED_FLAG_DL_OVERRUN", 0x04},    {"SCHED_FLAG_KEEP_POLICY", 0x08},
                                              {"SCHED_FLAG_KEEP_PARAMS", 0x10},   {"SCHED_FLAG_UTIL_CLAMP_MIN", 0x20},
                                              {"SCHED_FLAG_UTIL_CLAMP_MAX", 0x40}};

constexpr Word<int> kIoClasses[] = {{"IOPRIO_CLASS_RT", 1}, {"IOPRIO_CLASS_BE", 2}, {"IOPRIO_CLASS_IDLE", 3}};

// Names that this kernel's headers do not know are left out, as the specification allows, with no message here: which
// ones the kernel knows is found out when they are set.
uint64_t read_capability_set(const Reader& reader) {
  uint64_t set = 0;
  reader.for_each([&](const Reader& element) {
    const int number = capability_number(element.text());
    if (number >= 0) set |= uint64_t{1} << number;
  });
  return set;
}

Capabilities read_capabilities(const Reader& reader) {
  return {read_capability_set(reader["bounding"]), read_capability_set(reader["effective"]),
          read_capability_set(reader["inheritable"]), read_capability_set(reader["permitted"]),
          read_capability_set(reader["ambient"])};
}

std::vector<Rlimit> read_rlimits(const Reader& reader) {
  std::vector<Rlimit> limits;
  reader.for_each([&](const Reader& element) {
    const Rlimit limit = {word(element["type"], kRlimits), element["soft"].required_number<uint64_t>(),
                          element["hard"].required_number<uint64_t>()};
    for (const Rlimit& other : limits) {
      if (other.resource == limit.resource) element["type"].fail("stands there twice");
    }
    if (limit.soft > limit.hard) element["soft"].fail("is above the hard limit");
    limits.push_back(limit);
  });
  return limits;
}

Scheduler read_scheduler(const Reader& reader) {
  Scheduler scheduler;
  scheduler.policy = word(reader["policy"], kPolicies);
  scheduler.nice = reader["nice"].number_or<int32_t>(0);
  scheduler.priority = reader["priority"].number_or<int32_t>(0);
  reader["flags"].for_each([&](const Reader& flag) { scheduler.flags |= word(flag, kSchedulerFlags); });
  scheduler.runtime = reader["runtime"].number_or<uint64_t>(0);
  scheduler.deadline = reader["deadline"].number_or<uint64_t>(0);
  scheduler.period = reader["period"].number_or<uint64_t>(0);
  return scheduler;
}

IoPriority read_io_priority(const Reader& reader) {
  const IoPriority priority = {word(reader["class"], kIoClasses), reader["priority"].number_or<int>(0)};
  if (priority.priority < 0 || priority.priority > 7) reader["priority"].fail("must be 0 to 7");
  return priority;
}

User read_user(const Reader& reader) {
  User user;
  user.uid = reader["uid"].number_or<uint32_t>(0);
  user.gid = reader["gid"].number_or<uint32_t>(0);
  user.umask = reader["umask"].number<uint32_t>();
  reader["additionalGids"].for_each(
      [&](const Reader& element) { user.additional_gids.push_back(element.number_or<uint32_t>(0)); });
  return user;
}

void read_confinement(const Reader& reader, Process& process) {
  if (reader["capabilities"].is_present()) process.capabilities = read_capabilities(reader["capabilities"]);
  process.rlimits = read_rlimits(reader["rlimits"]);
  process.no_new_privileges = reader["noNewPrivileges"].boolean();
  process.oom_score_adj = reader["oomScoreAdj"].number<int>();
  process.apparmor_profile = reader["apparmorProfile"].text();
  process.selinux_label = reader["selinuxLabel"].text();
  if (reader["scheduler"].is_present()) process.scheduler = read_scheduler(reader["scheduler"]);
  if (reader["ioPriority"].is_present()) process.io_priority = read_io_priority(reader["ioPriority"]);
  process.initial_cpu_affinity = reader["execCPUAffinity"]["initial"].text();
  process.final_cpu_affinity = reader["execCPUAffinity"]["final"].text();
}

}  // namespace

int capability_number(const std::string& name) {
  constexpr std::string_view kPrefix = "CAP_";
  if (name.compare(0, kPrefix.size(), kPrefix) != 0) return -1;
  for (size_t i = 0; i < std::size(kCapabilities); ++i) {
    if (name.compare(kPrefix.size(), std::string::npos, kCapabilities[i]) == 0) return static_cast<int>(i);
  }
  return -1;
}

std::string capability_name(int number) {
  return number >= 0 && static_cast<size_t>(number) < std::size(kCapabilities)
             ? "CAP_" + std::string(kCapabilities[number])
             : "capability " + std::to_string(number);
}

int rlimit_number(const std::string& name) {
  for (const Word<int>& entry : kRlimits) {
    if (entry.name == name) return entry.value;
  }
  return -1;
}

Process read_process(const Reader& reader) {
  Process process;
  process.terminal = reader["terminal"].boolean();
  process.console_size = {reader["consoleSize"]["height"].number_or<uint16_t>(0),
                          reader["consoleSize"]["width"].number_or<uint16_t>(0)};
  process.cwd = reader["cwd"].required_text();
  if (!process.cwd.empty() && process.cwd[0] != '/') reader["cwd"].fail("must be an absolute path");
  process.environment = reader["env"].texts();
  process.arguments = reader["args"].texts();
  if (process.arguments.empty()) reader["args"].fail("must not be empty");
  process.user = read_user(reader["user"]);
  read_confinement(reader, process);
  return process;
}

}  // namespace kontain::krun::spec
