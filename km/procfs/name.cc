#include "km/procfs/name.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"

namespace kontain::procfs {
namespace {

struct Rule {
  std::string_view entry;
  Answer own;
  Answer foreign;
};

// Of proc(5)'s files of a process, those that are not Answer::Host for everybody. The host protects other processes'
// files by their owner and by ptrace access; those names are refused here too, because a payload may be root.
constexpr Rule kRules[] = {
    {"auxv", Answer::Generated, Answer::Refused},
    {"clear_refs", Answer::Refused, Answer::Refused},
    {"cmdline", Answer::Generated, Answer::Host},
    {"comm", Answer::Comm, Answer::Host},
    {"cwd", Answer::Link, Answer::Refused},
    {"environ", Answer::Generated, Answer::Refused},
    {"exe", Answer::Link, Answer::Refused},
    {"fd", Answer::Fds, Answer::Refused},
    {"fdinfo", Answer::Fds, Answer::Refused},
    {"io", Answer::Host, Answer::Refused},
    {"limits", Answer::Generated, Answer::Host},
    {"map_files", Answer::Refused, Answer::Refused},
    {"maps", Answer::Generated, Answer::Refused},
    {"mem", Answer::Refused, Answer::Refused},
    {"ns", Answer::Link, Answer::Link},
    {"numa_maps", Answer::Refused, Answer::Refused},
    {"pagemap", Answer::Refused, Answer::Refused},
    {"personality", Answer::Generated, Answer::Refused},
    {"root", Answer::Link, Answer::Refused},
    {"smaps", Answer::Generated, Answer::Refused},
    {"smaps_rollup", Answer::Generated, Answer::Refused},
    {"stack", Answer::Refused, Answer::Refused},
    {"stat", Answer::Generated, Answer::Generated},
    {"statm", Answer::Generated, Answer::Host},
    {"status", Answer::Generated, Answer::Generated},
    {"syscall", Answer::Refused, Answer::Refused},
};

// Files of no process that reach the machine: its memory, its keys, its log.
constexpr std::array<std::string_view, 5> kMachineFiles = {"kcore", "kmem", "kmsg", "sysrq-trigger", "vmcore"};

constexpr std::array<std::string_view, 9> kUnwritable = {
    "core_pattern", "core_pipe_limit",           "hotplug",       "kexec_load_disabled", "modprobe", "poweroff_cmd",
    "sysrq",        "unprivileged_bpf_disabled", "ftrace_enabled"};

// The same outside of procfs.
constexpr std::array<std::string_view, 3> kElsewhere = {"register", "release_agent", "uevent_helper"};

bool is_machine_file(const Name& name) {
  return std::ranges::find(kMachineFiles, name.entry) != kMachineFiles.end() ||
         (name.entry == "bus" && name.rest.starts_with("pci/"));
}

std::string joined(const std::vector<std::string_view>& parts, size_t first) {
  std::string text;
  for (size_t i = first; i < parts.size(); ++i) {
    if (i > first) text += '/';
    text += parts[i];
  }
  return text;
}

std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    if (!part.empty()) parts.push_back(part);
  }
  return parts;
}

std::string_view without_deleted(std::string_view path) {
  constexpr std::string_view kDeleted = " (deleted)";
  return path.ends_with(kDeleted) ? path.substr(0, path.size() - kDeleted.size()) : path;
}

}  // namespace

int to_number(std::string_view text) {
  int value = -1;
  if (text.empty() || text.front() < '0' || text.front() > '9') return -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : -1;
}

Name parse_name(std::string_view path) {
  const auto parts = parts_of(without_deleted(path));
  Name name;
  size_t next = 0;
  if (!parts.empty() && to_number(parts[0]) > 0) {
    name.process = to_number(parts[0]);
    next = 1;
    if (parts.size() > 2 && parts[1] == "task" && to_number(parts[2]) > 0) {
      name.thread = to_number(parts[2]);
      next = 3;
    }
  }
  if (next < parts.size()) name.entry = parts[next];
  name.rest = joined(parts, next + 1);
  return name;
}

Answer answer_of(const Name& name, Whose whose) {
  if (name.process == 0) return is_machine_file(name) ? Answer::Refused : Answer::Host;
  const auto* rule = std::ranges::find(kRules, name.entry, &Rule::entry);
  if (rule == std::end(kRules)) return Answer::Host;
  return whose == Whose::Own ? rule->own : rule->foreign;
}

Answer answer_of_unplaced(std::string_view path) {
  for (const std::string_view part : parts_of(without_deleted(path))) {
    if (std::ranges::find(kMachineFiles, part) != kMachineFiles.end()) return Answer::Refused;
    const auto* rule = std::ranges::find(kRules, part, &Rule::entry);
    if (rule != std::end(kRules) && rule->foreign == Answer::Refused) return Answer::Refused;
  }
  return Answer::Host;
}

bool is_refused_for_writing(const Name& name) {
  if (name.process != 0) return false;
  const auto parts = parts_of(name.rest);
  if (parts.empty()) return is_machine_file(name) || name.entry == "mtrr";
  return name.rest.starts_with("kernel/usermodehelper/") ||
         std::ranges::find(kUnwritable, parts.back()) != kUnwritable.end();
}

bool is_random(const Name& name) {
  return name.process == 0 && name.entry == "sys" && name.rest == "kernel/random/uuid";
}

bool is_delicate_name(std::string_view name) {
  const auto* rule = std::ranges::find(kRules, name, &Rule::entry);
  if (rule != std::end(kRules)) return rule->foreign == Answer::Refused;
  return std::ranges::find(kMachineFiles, name) != kMachineFiles.end() ||
         std::ranges::find(kUnwritable, name) != kUnwritable.end() ||
         std::ranges::find(kElsewhere, name) != kElsewhere.end();
}

}  // namespace kontain::procfs
