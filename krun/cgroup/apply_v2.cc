// Resources as files of cgroup v2 (Documentation/admin-guide/cgroup-v2.rst).
#include <algorithm>

#include "krun/cgroup/cgroup.h"
#include "krun/cgroup/device_program.h"
#include "krun/cgroup/files.h"

namespace kontain::krun::cgroup {
namespace {

std::string limit_text(int64_t value) { return value < 0 ? "max" : std::to_string(value); }

// 2..262144 to 1..10000, as runc and crun do.
uint64_t weight_of_shares(uint64_t shares) {
  const uint64_t bounded = std::clamp<uint64_t>(shares, 2, 262144);
  return 1 + ((bounded - 2) * 9999) / 262142;
}

// 10..1000 to 1..10000.
uint64_t weight_of_block_io(uint64_t weight) { return 1 + (std::clamp<uint64_t>(weight, 10, 1000) - 10) * 9999 / 990; }

// What has no counterpart here; nullptr: nothing of the kind is asked for.
const char* first_v1_only(const spec::Resources& resources) {
  if (resources.kernel_tcp_memory.value_or(0) > 0) return "memory.kernelTCP";
  if (resources.swappiness) return "memory.swappiness";
  if (resources.disable_oom_killer.value_or(false)) return "memory.disableOOMKiller";
  if (resources.realtime_runtime.value_or(0) != 0) return "cpu.realtimeRuntime";
  if (resources.realtime_period.value_or(0) != 0) return "cpu.realtimePeriod";
  return resources.io_leaf_weight.value_or(0) != 0 ? "blockIO.leafWeight" : nullptr;
}

Result<void> set_memory(const std::string& folder, const spec::Resources& resources) {
  const auto limit = resources.memory_limit.value_or(0);
  const auto swap = resources.memory_swap.value_or(0);
  if (swap != 0 || limit == -1) {
    // v1's number counts both.
    if (swap > 0 && limit > 0 && swap < limit) return fail("linux.resources.memory.swap", "", "is below the limit");
    const int64_t only_swap = swap > 0 && limit > 0 ? swap - limit : swap == 0 ? -1 : swap;
    if (exists(folder + "/memory.swap.max")) TRY(write_text(folder + "/memory.swap.max", limit_text(only_swap)));
  }
  if (resources.check_before_update && limit > 0 &&
      read_number(folder + "/memory.current").value_or(0) > static_cast<uint64_t>(limit)) {
    return fail("linux.resources.memory.limit", std::to_string(limit), "is below the current usage");
  }
  if (limit != 0) TRY(write_text(folder + "/memory.max", limit_text(limit)));
  if (const auto low = resources.memory_reservation.value_or(0)) {
    TRY(write_text(folder + "/memory.low", limit_text(low)));
  }
  return {};
}

Result<void> set_cpu(const std::string& folder, const spec::Resources& resources) {
  if (const auto shares = resources.cpu_shares.value_or(0)) {
    TRY(write_text(folder + "/cpu.weight", std::to_string(weight_of_shares(shares))));
  }
  const auto quota = resources.cpu_quota.value_or(0);
  const auto period = resources.cpu_period.value_or(0);
  if (quota != 0 || period != 0) {
    std::string text = quota > 0 ? std::to_string(quota) : "max";
    if (period != 0) text += " " + std::to_string(period);
    TRY(write_text(folder + "/cpu.max", text));
  }
  if (resources.cpu_burst) TRY(write_text(folder + "/cpu.max.burst", std::to_string(*resources.cpu_burst)));
  if (resources.cpu_idle) TRY(write_text(folder + "/cpu.idle", std::to_string(*resources.cpu_idle)));
  if (!resources.cpus.empty()) TRY(write_text(folder + "/cpuset.cpus", resources.cpus));
  if (!resources.mems.empty()) TRY(write_text(folder + "/cpuset.mems", resources.mems));
  return {};
}

Result<void> set_throttles(const std::string& folder, const char* key, const std::vector<spec::Throttle>& throttles) {
  for (const spec::Throttle& entry : throttles) {
    const std::string rate = entry.rate == 0 ? "max" : std::to_string(entry.rate);
    TRY(write_text(folder + "/io.max",
                   std::to_string(entry.major) + ":" + std::to_string(entry.minor) + " " + key + "=" + rate));
  }
  return {};
}

Result<void> set_io(const std::string& folder, const spec::Resources& resources) {
  const bool has_bfq = exists(folder + "/io.bfq.weight");
  if (const auto weight = resources.io_weight.value_or(0)) {
    const std::string text = has_bfq ? std::to_string(weight) : "default " + std::to_string(weight_of_block_io(weight));
    TRY(write_text(folder + (has_bfq ? "/io.bfq.weight" : "/io.weight"), text));
  }
  for (const spec::DeviceWeight& entry : resources.io_weight_devices) {
    if (!entry.weight) continue;
    const uint64_t weight = has_bfq ? *entry.weight : weight_of_block_io(*entry.weight);
    TRY(write_text(folder + (has_bfq ? "/io.bfq.weight" : "/io.weight"),
                   std::to_string(entry.major) + ":" + std::to_string(entry.minor) + " " + std::to_string(weight)));
  }
  TRY(set_throttles(folder, "rbps", resources.read_bps));
  TRY(set_throttles(folder, "wbps", resources.write_bps));
  TRY(set_throttles(folder, "riops", resources.read_iops));
  return set_throttles(folder, "wiops", resources.write_iops);
}

Result<void> set_unified(const std::string& folder, const spec::StringMap& files) {
  for (const auto& [name, value] : files) {
    if (name.find('/') != std::string::npos || name[0] == '.')
      return fail("linux.resources.unified", name, "is no file");
    TRY(write_text(folder + "/" + name, value));
  }
  return {};
}

}  // namespace

Result<void> Cgroup::apply_v2(const spec::Resources& resources) const {
  const std::string folder = folder_of("");
  if (const char* field = first_v1_only(resources)) {
    return fail("linux.resources", field, "does not exist with cgroup v2");
  }
  TRY(set_cpu(folder, resources));
  TRY(set_memory(folder, resources));
  TRY(set_io(folder, resources));
  if (const auto pids = resources.pids_limit.value_or(0)) TRY(write_text(folder + "/pids.max", limit_text(pids)));
  TRY(set_unified(folder, resources.unified));
  return resources.devices.empty() ? Result<void>() : attach_device_program(folder, resources.devices);
}

}  // namespace kontain::krun::cgroup
