// The pure part of the facts: texts that other programs and the kernel wrote, none of them trusted.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/host/facts.h"
#include "cli/support/files.h"

namespace kontain::cli {
namespace {

using Json = nlohmann::json;

template <class T>
T value_of(const Json& object, const char* key, T fallback) {
  const auto found = object.find(key);
  if (found == object.end()) return fallback;
  if constexpr (std::is_same_v<T, std::string>) return found->is_string() ? found->get<T>() : fallback;
  if constexpr (std::is_same_v<T, bool>) return found->is_boolean() ? found->get<T>() : fallback;
  if constexpr (std::is_same_v<T, uint64_t>) return found->is_number_unsigned() ? found->get<T>() : fallback;
}

// The first "..." of a line.
std::string quoted_in(const std::string& line) {
  const size_t start = line.find('"');
  const size_t end = start == std::string::npos ? start : line.find('"', start + 1);
  return end == std::string::npos ? "" : line.substr(start + 1, end - start - 1);
}

std::string key_of(const std::string& line) {
  const size_t equals = line.find('=');
  return equals == std::string::npos ? "" : trimmed(line.substr(0, equals));
}

}  // namespace

std::optional<SelfTest> parse_self_test(const std::string& text) {
  const Json object = Json::parse(text, nullptr, false);
  if (!object.is_object()) return std::nullopt;
  SelfTest test;
  test.recipe = value_of<std::string>(object, "recipe", "");
  test.exit_ns = value_of<uint64_t>(object, "exit_ns", 0);
  test.exitless_ns = value_of<uint64_t>(object, "exitless_ns", 0);
  test.calls = value_of<std::string>(object, "calls", "");
  test.vdso = value_of<bool>(object, "vdso", false);
  if (test.recipe.empty() || test.calls.empty()) return std::nullopt;
  return test;
}

CgroupKind cgroup_kind(const std::string& mountinfo) {
  bool v1 = false;
  bool v2 = false;
  for (const std::string& line : split(mountinfo, '\n')) {
    // "36 35 98:0 /root /mount options tags - type source options" (proc_pid_mountinfo(5)).
    const size_t dash = line.find(" - ");
    if (dash == std::string::npos) continue;
    const std::string type = line.substr(dash + 3, line.find(' ', dash + 3) - dash - 3);
    v1 |= type == "cgroup";
    v2 |= type == "cgroup2";
  }
  if (v1) return v2 ? CgroupKind::Hybrid : CgroupKind::V1;
  return v2 ? CgroupKind::V2 : CgroupKind::None;
}

std::string krun_in_docker(const std::string& daemon_json) {
  const Json object = Json::parse(daemon_json, nullptr, false);
  if (!object.is_object()) return "";
  const auto runtimes = object.find("runtimes");
  if (runtimes == object.end() || !runtimes->is_object()) return "";
  const auto krun = runtimes->find("krun");
  if (krun == runtimes->end() || !krun->is_object()) return "";
  return value_of<std::string>(*krun, "path", "");
}

std::string krun_in_toml(const std::string& text) {
  std::string section;
  for (const std::string& raw : split(text, '\n')) {
    const std::string line = trimmed(raw);
    if (line.empty() || line[0] == '#') continue;
    if (line[0] == '[') {
      section = line;
      continue;
    }
    const bool of_podman = key_of(line) == "krun" && section.find("runtimes") != std::string::npos;
    const bool of_containerd = key_of(line) == "BinaryName" && section.find("runtimes.krun") != std::string::npos;
    if (of_podman || of_containerd) return quoted_in(line);
  }
  return "";
}

}  // namespace kontain::cli
