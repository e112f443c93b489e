// What `events --stats` reports, in the shape that runc made known.
#include "base/text.h"
#include "krun/cgroup/cgroup.h"
#include "krun/cgroup/files.h"

namespace kontain::krun::cgroup {
namespace {

using nlohmann::json;

uint64_t number(const std::string& path) { return read_number(path).value_or(0); }

json all_keys(const std::string& path) {
  json keys = json::object();
  const auto text = read_text(path);
  if (!text) return keys;
  for (const std::string& line : split(*text, '\n')) {
    const size_t blank = line.find(' ');
    if (blank != std::string::npos) keys[line.substr(0, blank)] = std::strtoull(line.c_str() + blank, nullptr, 10);
  }
  return keys;
}

json cpu_v1(const Cgroup& cgroup) {
  const std::string accounts = cgroup.folder_of("cpuacct");
  const std::string cpu = cgroup.folder_of("cpu") + "/cpu.stat";
  json each = json::array();
  const auto list = read_text(accounts + "/cpuacct.usage_percpu").value_or("");
  for (const std::string& word : split(list.substr(0, list.find_last_not_of(" \n") + 1), ' ')) {
    each.push_back(std::strtoull(word.c_str(), nullptr, 10));
  }
  return {{"usage",
           {{"total", number(accounts + "/cpuacct.usage")},
            {"percpu", each},
            {"kernel", number(accounts + "/cpuacct.usage_sys")},
            {"user", number(accounts + "/cpuacct.usage_user")}}},
          {"throttling",
           {{"periods", number_of_key(cpu, "nr_periods")},
            {"throttledPeriods", number_of_key(cpu, "nr_throttled")},
            {"throttledTime", number_of_key(cpu, "throttled_time")}}}};
}

json memory_entry(const std::string& folder, const std::string& prefix) {
  return {{"limit", number(folder + "/" + prefix + ".limit_in_bytes")},
          {"usage", number(folder + "/" + prefix + ".usage_in_bytes")},
          {"max", number(folder + "/" + prefix + ".max_usage_in_bytes")},
          {"failcnt", number(folder + "/" + prefix + ".failcnt")}};
}

json memory_v1(const Cgroup& cgroup) {
  const std::string folder = cgroup.folder_of("memory");
  const json raw = all_keys(folder + "/memory.stat");
  return {{"cache", raw.value("cache", uint64_t{0})},
          {"usage", memory_entry(folder, "memory")},
          {"swap", memory_entry(folder, "memory.memsw")},
          {"kernel", memory_entry(folder, "memory.kmem")},
          {"raw", raw}};
}

json cpu_v2(const std::string& folder) {
  const std::string file = folder + "/cpu.stat";
  return {{"usage",
           {{"total", number_of_key(file, "usage_usec") * 1000},
            {"kernel", number_of_key(file, "system_usec") * 1000},
            {"user", number_of_key(file, "user_usec") * 1000}}},
          {"throttling",
           {{"periods", number_of_key(file, "nr_periods")},
            {"throttledPeriods", number_of_key(file, "nr_throttled")},
            {"throttledTime", number_of_key(file, "throttled_usec") * 1000}}}};
}

json memory_v2(const std::string& folder) {
  const json raw = all_keys(folder + "/memory.stat");
  return {{"cache", raw.value("file", uint64_t{0})},
          {"usage",
           {{"limit", read_number(folder + "/memory.max").value_or(UINT64_MAX)},
            {"usage", number(folder + "/memory.current")},
            {"max", number(folder + "/memory.peak")},
            {"failcnt", number_of_key(folder + "/memory.events", "max")}}},
          {"raw", raw}};
}

}  // namespace

json Cgroup::statistics() const {
  const std::string pids = folder_of("pids");
  return {{"cpu", unified_ ? cpu_v2(folder_of("")) : cpu_v1(*this)},
          {"memory", unified_ ? memory_v2(folder_of("")) : memory_v1(*this)},
          {"pids", {{"current", number(pids + "/pids.current")}, {"limit", number(pids + "/pids.max")}}},
          {"blkio", json::object()},
          {"hugetlb", json::object()},
          {"intel_rdt", json::object()},
          {"network_interfaces", nullptr}};
}

}  // namespace kontain::krun::cgroup
