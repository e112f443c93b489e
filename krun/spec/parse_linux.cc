#include "krun/spec/parse_internal.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

namespace kontain::krun::spec {
namespace {

constexpr Word<int> kNamespaces[] = {{"pid", CLONE_NEWPID},       {"network", CLONE_NEWNET}, {"mount", CLONE_NEWNS},
                                     {"ipc", CLONE_NEWIPC},       {"uts", CLONE_NEWUTS},     {"user", CLONE_NEWUSER},
                                     {"cgroup", CLONE_NEWCGROUP}, {"time", CLONE_NEWTIME}};

std::vector<Namespace> read_namespaces(const Reader& reader) {
  std::vector<Namespace> namespaces;
  reader.for_each([&](const Reader& element) {
    const Namespace entry = {word(element["type"], kNamespaces), element["path"].text()};
    if (!entry.path.empty() && entry.path[0] != '/') element["path"].fail("must be an absolute path");
    for (const Namespace& other : namespaces) {
      if (other.flag == entry.flag) element["type"].fail("stands there twice");
    }
    namespaces.push_back(entry);
  });
  return namespaces;
}

char one_letter(const Reader& reader, std::string_view allowed, char otherwise) {
  const std::string text = reader.text();
  if (text.empty()) return otherwise;
  if (text.size() != 1 || allowed.find(text[0]) == std::string_view::npos) reader.fail("\"" + text + "\" is not known");
  return text[0];
}

std::vector<Device> read_devices(const Reader& reader) {
  std::vector<Device> devices;
  reader.for_each([&](const Reader& element) {
    Device device;
    device.path = element["path"].required_text();
    device.type = one_letter(element["type"], "cubp", 'c');
    device.major = element["major"].number_or<uint32_t>(0);
    device.minor = element["minor"].number_or<uint32_t>(0);
    device.mode = element["fileMode"].number<uint32_t>();
    device.uid = element["uid"].number_or<uint32_t>(0);
    device.gid = element["gid"].number_or<uint32_t>(0);
    devices.push_back(std::move(device));
  });
  return devices;
}

std::vector<TimeOffset> read_time_offsets(const Reader& reader) {
  std::vector<TimeOffset> offsets;
  for (const char* clock : {"monotonic", "boottime"}) {
    const Reader offset = reader[clock];
    if (!offset.is_present()) continue;
    offsets.push_back({clock, offset["secs"].number_or<int64_t>(0), offset["nanosecs"].number_or<uint32_t>(0)});
  }
  return offsets;
}

DeviceRule read_device_rule(const Reader& reader) {
  DeviceRule rule;
  rule.allow = reader["allow"].boolean();
  rule.type = one_letter(reader["type"], "acb", 'a');
  rule.major = reader["major"].number<int64_t>();
  rule.minor = reader["minor"].number<int64_t>();
  if (rule.major && *rule.major < 0) rule.major.reset();
  if (rule.minor && *rule.minor < 0) rule.minor.reset();
  rule.access = reader["access"].text();
  if (rule.access.find_first_not_of("rwm") != std::string::npos) reader["access"].fail("holds other letters than rwm");
  if (rule.access.empty()) rule.access = "rwm";
  return rule;
}

std::vector<Throttle> read_throttles(const Reader& reader) {
  std::vector<Throttle> throttles;
  reader.for_each([&](const Reader& element) {
    throttles.push_back({element["major"].number_or<uint64_t>(0), element["minor"].number_or<uint64_t>(0),
                         element["rate"].number_or<uint64_t>(0)});
  });
  return throttles;
}

void read_memory(const Reader& reader, Resources& resources) {
  resources.memory_limit = reader["limit"].number<int64_t>();
  resources.memory_reservation = reader["reservation"].number<int64_t>();
  resources.memory_swap = reader["swap"].number<int64_t>();
  resources.kernel_tcp_memory = reader["kernelTCP"].number<int64_t>();
  // Docker's older clients write 2^64-1 for "not set".
  if (const auto swappiness = reader["swappiness"].number<uint64_t>(); swappiness && *swappiness <= 200) {
    resources.swappiness = swappiness;
  }
  if (reader["disableOOMKiller"].is_present()) resources.disable_oom_killer = reader["disableOOMKiller"].boolean();
  resources.check_before_update = reader["checkBeforeUpdate"].boolean();
}

void read_cpu(const Reader& reader, Resources& resources) {
  resources.cpu_shares = reader["shares"].number<uint64_t>();
  resources.cpu_period = reader["period"].number<uint64_t>();
  resources.cpu_quota = reader["quota"].number<int64_t>();
  resources.cpu_burst = reader["burst"].number<uint64_t>();
  resources.realtime_period = reader["realtimePeriod"].number<uint64_t>();
  resources.realtime_runtime = reader["realtimeRuntime"].number<int64_t>();
  resources.cpu_idle = reader["idle"].number<int64_t>();
  resources.cpus = reader["cpus"].text();
  resources.mems = reader["mems"].text();
}

void read_block_io(const Reader& reader, Resources& resources) {
  resources.io_weight = reader["weight"].number<uint16_t>();
  resources.io_leaf_weight = reader["leafWeight"].number<uint16_t>();
  reader["weightDevice"].for_each([&](const Reader& element) {
    resources.io_weight_devices.push_back(
        {element["major"].number_or<uint64_t>(0), element["minor"].number_or<uint64_t>(0),
         element["weight"].number<uint16_t>(), element["leafWeight"].number<uint16_t>()});
  });
  resources.read_bps = read_throttles(reader["throttleReadBpsDevice"]);
  resources.write_bps = read_throttles(reader["throttleWriteBpsDevice"]);
  resources.read_iops = read_throttles(reader["throttleReadIOPSDevice"]);
  resources.write_iops = read_throttles(reader["throttleWriteIOPSDevice"]);
}

// The size becomes part of a file's name.
HugePageLimit read_huge_pages(const Reader& reader) {
  HugePageLimit limit{reader["pageSize"].required_text(), reader["limit"].required_number<uint64_t>()};
  const size_t digits = limit.page_size.find_first_not_of("0123456789");
  const std::string unit = digits == std::string::npos ? "" : limit.page_size.substr(digits);
  if (digits == 0 || (unit != "KB" && unit != "MB" && unit != "GB"))
    reader["pageSize"].fail("is no size as in \"2MB\"");
  return limit;
}

}  // namespace

Resources read_resources(const Reader& reader) {
  Resources resources;
  reader["devices"].for_each([&](const Reader& rule) { resources.devices.push_back(read_device_rule(rule)); });
  read_memory(reader["memory"], resources);
  read_cpu(reader["cpu"], resources);
  resources.pids_limit = reader["pids"]["limit"].number<int64_t>();
  read_block_io(reader["blockIO"], resources);
  reader["hugepageLimits"].for_each(
      [&](const Reader& limit) { resources.huge_pages.push_back(read_huge_pages(limit)); });
  resources.unified = read_string_map(reader["unified"]);
  return resources;
}

Seccomp read_seccomp(const Reader& reader) {
  Seccomp seccomp;
  seccomp.default_action = reader["defaultAction"].required_text();
  seccomp.default_errno = reader["defaultErrnoRet"].number<uint32_t>();
  seccomp.architectures = reader["architectures"].texts();
  seccomp.flags = reader["flags"].texts();
  reader["syscalls"].for_each([&](const Reader& element) {
    SeccompRule rule;
    rule.names = element["names"].texts();
    rule.action = element["action"].required_text();
    rule.errno_value = element["errnoRet"].number<uint32_t>();
    element["args"].for_each([&](const Reader& argument) {
      rule.arguments.push_back({argument["index"].number_or<uint32_t>(0), argument["value"].number_or<uint64_t>(0),
                                argument["valueTwo"].number_or<uint64_t>(0), argument["op"].required_text()});
    });
    seccomp.rules.push_back(std::move(rule));
  });
  return seccomp;
}

Linux read_linux(const Reader& reader) {
  Linux part;
  part.uid_mappings = read_mappings(reader["uidMappings"]);
  part.gid_mappings = read_mappings(reader["gidMappings"]);
  part.namespaces = read_namespaces(reader["namespaces"]);
  part.devices = read_devices(reader["devices"]);
  part.cgroups_path = reader["cgroupsPath"].text();
  part.time_offsets = read_time_offsets(reader["timeOffsets"]);
  part.sysctl = read_string_map(reader["sysctl"]);
  part.resources = read_resources(reader["resources"]);
  if (reader["seccomp"].is_present()) part.seccomp = read_seccomp(reader["seccomp"]);
  part.rootfs_propagation = reader["rootfsPropagation"].text();
  part.masked_paths = reader["maskedPaths"].texts();
  part.readonly_paths = reader["readonlyPaths"].texts();
  part.mount_label = reader["mountLabel"].text();
  return part;
}

}  // namespace kontain::krun::spec
