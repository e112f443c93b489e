#include "krun/cgroup/members.h"

#include <dirent.h>

#include <charconv>
#include <cstdlib>
#include <memory>
#include <set>

#include "base/text.h"
#include "krun/cgroup/files.h"

namespace kontain::krun::cgroup {
namespace {

bool is_kernel_thread(pid_t pid) {
  constexpr size_t kFlags = 6;                       // proc_pid_stat(5), field 9, counted from the state
  constexpr unsigned long kKernelThread = 0x200000;  // PF_KTHREAD
  const auto text = read_text("/proc/" + std::to_string(pid) + "/stat");
  const size_t bracket = text ? text->rfind(") ") : std::string::npos;
  if (bracket == std::string::npos) return false;
  const std::vector<std::string> fields = split(text->substr(bracket + 2), ' ');
  return fields.size() > kFlags && (std::strtoul(fields[kFlags].c_str(), nullptr, 10) & kKernelThread) != 0;
}

}  // namespace

void for_each_folder(const std::string& folder, const std::function<void(const std::string&)>& visit) {
  {
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(opendir(folder.c_str()), closedir);
    if (!stream) return;
    while (const dirent* entry = readdir(stream.get())) {
      const std::string name = entry->d_name;
      if (entry->d_type == DT_DIR && name != "." && name != "..") for_each_folder(folder + "/" + name, visit);
    }
  }
  visit(folder);
}

Members members_of(const std::string& folder) {
  std::set<pid_t> all;
  for_each_folder(folder, [&](const std::string& each) {
    const auto text = read_text(each + "/cgroup.procs");
    if (!text) return;
    for (const std::string& line : split(*text, '\n')) {
      pid_t pid = 0;
      std::from_chars(line.data(), line.data() + line.size(), pid);
      if (pid > 0) all.insert(pid);
    }
  });
  Members members;
  for (const pid_t pid : all) (is_kernel_thread(pid) ? members.kernel_threads : members.processes).push_back(pid);
  return members;
}

}  // namespace kontain::krun::cgroup
