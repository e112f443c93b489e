// Resources as files of cgroup v1 (Documentation/admin-guide/cgroup-v1).
#include <cerrno>

#include "krun/cgroup/cgroup.h"
#include "krun/cgroup/files.h"

namespace kontain::krun::cgroup {
namespace {

// The container's folder of one controller, and what is asked of it by which field.
class Controller {
 public:
  Controller(const Cgroup& cgroup, const char* name) : name_(name), folder_(cgroup.folder_of(name)) {}

  Result<void> set(const char* file, const std::string& value) const {
    if (folder_.empty()) return fail("linux.resources", name_, "this host has no such cgroup controller");
    return write_text(folder_ + "/" + file, value);
  }
  template <class T>
  Result<void> set(const char* file, const std::optional<T>& value) const {
    return value ? set(file, std::to_string(*value)) : Result<void>();
  }
  bool has(const char* file) const { return exists(folder_ + "/" + file); }

 private:
  const char* name_;
  std::string folder_;
};

// The limit with swap is never below the one without: which of the two goes first depends on what is there.
Result<void> set_memory_limits(const Controller& memory, const spec::Resources& resources) {
  constexpr char kLimit[] = "memory.limit_in_bytes";
  constexpr char kWithSwap[] = "memory.memsw.limit_in_bytes";
  auto swap = resources.memory_swap;
  if (resources.memory_limit == -1 && !swap) swap = -1;
  if (swap && !memory.has(kWithSwap)) {
    if (resources.memory_swap && *resources.memory_swap > 0) {
      return fail("linux.resources.memory.swap", "", "the kernel does not account swap");
    }
    swap.reset();
  }
  if (swap == 0) swap.reset();
  if (resources.memory_limit && *resources.memory_limit != 0) {
    if (auto first = memory.set(kLimit, resources.memory_limit); !first) {
      if (!swap) return first;
      TRY(memory.set(kWithSwap, swap));
      return memory.set(kLimit, resources.memory_limit);
    }
  }
  return memory.set(kWithSwap, swap);
}

Result<void> check_usage(const Cgroup& cgroup, const spec::Resources& resources) {
  if (!resources.check_before_update || !resources.memory_limit || *resources.memory_limit <= 0) return {};
  const auto usage = read_number(cgroup.folder_of("memory") + "/memory.usage_in_bytes").value_or(0);
  if (usage <= static_cast<uint64_t>(*resources.memory_limit)) return {};
  return fail("linux.resources.memory.limit", std::to_string(*resources.memory_limit),
              "is below the current usage of " + std::to_string(usage));
}

Result<void> set_memory(const Cgroup& cgroup, const spec::Resources& resources) {
  const Controller memory(cgroup, "memory");
  TRY(check_usage(cgroup, resources));
  TRY(set_memory_limits(memory, resources));
  if (resources.memory_reservation != 0) TRY(memory.set("memory.soft_limit_in_bytes", resources.memory_reservation));
  if (resources.kernel_tcp_memory != 0) TRY(memory.set("memory.kmem.tcp.limit_in_bytes", resources.kernel_tcp_memory));
  TRY(memory.set("memory.swappiness", resources.swappiness));
  if (resources.disable_oom_killer == true) TRY(memory.set("memory.oom_control", std::string("1")));
  return {};
}

template <class T>
std::optional<T> unless_zero(const std::optional<T>& value) {
  return value == T{0} ? std::nullopt : value;
}

Result<void> set_cpu(const Cgroup& cgroup, const spec::Resources& resources) {
  const Controller cpu(cgroup, "cpu");
  TRY(cpu.set("cpu.shares", unless_zero(resources.cpu_shares)));
  const auto quota = unless_zero(resources.cpu_quota);
  // As with swap: a quota that is too high for the new period must be changed first, and the other way round.
  if (const auto period = unless_zero(resources.cpu_period)) {
    if (auto first = cpu.set("cpu.cfs_period_us", period); !first) {
      if (!quota) return first;
      TRY(cpu.set("cpu.cfs_quota_us", quota));
      TRY(cpu.set("cpu.cfs_period_us", period));
    }
  }
  TRY(cpu.set("cpu.cfs_quota_us", quota));
  TRY(cpu.set("cpu.cfs_burst_us", resources.cpu_burst));
  TRY(cpu.set("cpu.rt_period_us", unless_zero(resources.realtime_period)));
  TRY(cpu.set("cpu.rt_runtime_us", unless_zero(resources.realtime_runtime)));
  TRY(cpu.set("cpu.idle", resources.cpu_idle));
  const Controller cpuset(cgroup, "cpuset");
  if (!resources.cpus.empty()) TRY(cpuset.set("cpuset.cpus", resources.cpus));
  if (!resources.mems.empty()) TRY(cpuset.set("cpuset.mems", resources.mems));
  return {};
}

std::string device_text(uint64_t major, uint64_t minor, uint64_t value) {
  return std::to_string(major) + ":" + std::to_string(minor) + " " + std::to_string(value);
}

Result<void> set_throttles(const Controller& blkio, const char* file, const std::vector<spec::Throttle>& throttles) {
  for (const spec::Throttle& entry : throttles) {
    TRY(blkio.set(file, device_text(entry.major, entry.minor, entry.rate)));
  }
  return {};
}

Result<void> set_block_io(const Cgroup& cgroup, const spec::Resources& resources) {
  const Controller blkio(cgroup, "blkio");
  // Which of them exists depends on the I/O scheduler.
  const char* weight = blkio.has("blkio.weight") ? "blkio.weight" : "blkio.bfq.weight";
  const char* weight_device = blkio.has("blkio.weight_device") ? "blkio.weight_device" : "blkio.bfq.weight_device";
  TRY(blkio.set(weight, unless_zero(resources.io_weight)));
  TRY(blkio.set("blkio.leaf_weight", unless_zero(resources.io_leaf_weight)));
  for (const spec::DeviceWeight& entry : resources.io_weight_devices) {
    if (entry.weight) TRY(blkio.set(weight_device, device_text(entry.major, entry.minor, *entry.weight)));
    if (entry.leaf_weight) {
      TRY(blkio.set("blkio.leaf_weight_device", device_text(entry.major, entry.minor, *entry.leaf_weight)));
    }
  }
  TRY(set_throttles(blkio, "blkio.throttle.read_bps_device", resources.read_bps));
  TRY(set_throttles(blkio, "blkio.throttle.write_bps_device", resources.write_bps));
  TRY(set_throttles(blkio, "blkio.throttle.read_iops_device", resources.read_iops));
  return set_throttles(blkio, "blkio.throttle.write_iops_device", resources.write_iops);
}

std::string number_text(const std::optional<int64_t>& number) { return number ? std::to_string(*number) : "*"; }

Result<void> set_devices(const Cgroup& cgroup, const std::vector<spec::DeviceRule>& rules) {
  const Controller devices(cgroup, "devices");
  for (const spec::DeviceRule& rule : rules) {
    const std::string text =
        std::string(1, rule.type) + " " + number_text(rule.major) + ":" + number_text(rule.minor) + " " + rule.access;
    TRY(devices.set(rule.allow ? "devices.allow" : "devices.deny", rule.type == 'a' ? "a" : text));
  }
  return {};
}

}  // namespace

Result<void> Cgroup::apply_v1(const spec::Resources& resources) const {
  if (!resources.unified.empty()) {
    return fail("linux.resources.unified", resources.unified.begin()->first, "this host has cgroup v1");
  }
  TRY(set_cpu(*this, resources));
  TRY(set_memory(*this, resources));
  TRY(set_block_io(*this, resources));
  if (resources.pids_limit && *resources.pids_limit != 0) {
    const Controller pids(*this, "pids");
    TRY(pids.set("pids.max", *resources.pids_limit > 0 ? std::to_string(*resources.pids_limit) : "max"));
  }
  return set_devices(*this, resources.devices);
}

}  // namespace kontain::krun::cgroup
