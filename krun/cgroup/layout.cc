#include "krun/cgroup/layout.h"

#include <algorithm>

#include "base/text.h"
#include "krun/cgroup/files.h"

namespace kontain::krun::cgroup {
namespace {

constexpr std::string_view kControllers[] = {"cpu",  "cpuacct", "cpuset",   "memory",  "devices", "freezer",    "blkio",
                                             "pids", "net_cls", "net_prio", "hugetlb", "rdma",    "perf_event", "misc"};

// proc(5): a blank in a mount point is written \040.
std::string unescape(const std::string& text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escaped = text[i] == '\\' && i + 3 < text.size();
    if (!escaped) {
      plain += text[i];
      continue;
    }
    plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
    i += 3;
  }
  return plain;
}

std::vector<std::string> controllers_of(const std::string& super_options) {
  std::vector<std::string> found;
  for (const std::string& option : split(super_options, ',')) {
    const bool known = std::ranges::find(kControllers, option) != std::end(kControllers);
    if (known || option.rfind("name=", 0) == 0) found.push_back(option);
  }
  return found;
}

// "4:memory:/a/b" or "0::/a/b".
std::string own_path(const std::string& own, const Hierarchy& hierarchy) {
  for (const std::string& line : split(own, '\n')) {
    const size_t first = line.find(':');
    const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string names = line.substr(first + 1, second - first - 1);
    const bool matches =
        hierarchy.unified ? names.empty() && line[0] == '0' : !names.empty() && hierarchy.has(split(names, ',')[0]);
    if (!matches) continue;
    std::string path = line.substr(second + 1);
    if (hierarchy.mount_root != "/" && path.rfind(hierarchy.mount_root, 0) == 0) {
      path.erase(0, hierarchy.mount_root.size());
    }
    return path.empty() ? "/" : path;
  }
  return "/";
}

}  // namespace

bool Hierarchy::has(std::string_view controller) const {
  return std::ranges::find(controllers, controller) != controllers.end();
}

bool Layout::is_unified() const {
  return !hierarchies.empty() && std::ranges::all_of(hierarchies, &Hierarchy::unified);
}

const Hierarchy* Layout::find(std::string_view controller) const {
  for (const Hierarchy& hierarchy : hierarchies) {
    if (hierarchy.has(controller)) return &hierarchy;
  }
  return nullptr;
}

Layout parse_layout(const std::string& mountinfo, const std::string& own) {
  Layout layout;
  for (const std::string& line : split(mountinfo, '\n')) {
    const std::vector<std::string> words = split(line, ' ');
    const auto dash = std::ranges::find(words, "-");
    if (words.size() < 5 || words.end() - dash < 4) continue;
    Hierarchy hierarchy;
    hierarchy.unified = dash[1] == "cgroup2";
    if (!hierarchy.unified && dash[1] != "cgroup") continue;
    hierarchy.mount_root = words[3];
    hierarchy.mount_point = unescape(words[4]);
    if (!hierarchy.unified) hierarchy.controllers = controllers_of(dash[3]);
    hierarchy.own_path = own_path(own, hierarchy);
    const bool again = std::ranges::any_of(layout.hierarchies, [&](const Hierarchy& other) {
      return other.unified == hierarchy.unified && other.controllers == hierarchy.controllers;
    });
    if (!again && (hierarchy.unified || !hierarchy.controllers.empty())) {
      layout.hierarchies.push_back(std::move(hierarchy));
    }
  }
  return layout;
}

Result<Layout> detect_layout(pid_t pid) {
  TRY_ASSIGN(const std::string mountinfo, read_text("/proc/self/mountinfo"));
  TRY_ASSIGN(const std::string own, read_text("/proc/" + (pid ? std::to_string(pid) : "self") + "/cgroup"));
  return parse_layout(mountinfo, own);
}

}  // namespace kontain::krun::cgroup
