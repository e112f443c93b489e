#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "base/subprocess.h"
#include "cli/fleet/kontainer.h"
#include "cli/fleet/places.h"
#include "cli/support/files.h"
#include "km/registry/registry.h"

namespace kontain::cli {
namespace {

constexpr char kUserFolders[] = "/run/user";

void add_registry(std::vector<RegistryEntry>& entries, uid_t owner) {
  for (registry::Entry& entry : registry::list(registry::folder_of(owner), owner)) {
    entries.push_back({std::move(entry), owner});
  }
}

std::vector<RegistryEntry> registry_entries() {
  std::vector<RegistryEntry> entries;
  add_registry(entries, geteuid());
  if (geteuid() != 0) return entries;
  for (const std::string& name : entries_of(kUserFolders)) {
    struct stat info;
    const std::string folder = std::string(kUserFolders) + "/" + name;
    if (lstat(folder.c_str(), &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid != 0 &&
        std::to_string(info.st_uid) == name) {
      add_registry(entries, info.st_uid);
    }
  }
  return entries;
}

std::string output_of(const std::vector<std::string>& command) {
  const auto run = run_subprocess(command);
  return run && run->signal == 0 && run->exit_code == 0 ? run->out : "";
}

std::vector<pid_t> parse_pids(const std::string& text) {
  std::vector<pid_t> pids;
  const auto array = nlohmann::json::parse(text, nullptr, false);
  if (!array.is_array()) return pids;
  for (const auto& pid : array) {
    if (pid.is_number_integer()) pids.push_back(pid.get<pid_t>());
  }
  return pids;
}

std::vector<Container> containers() {
  std::vector<Container> all;
  const std::string krun = own_folder() + "/krun";
  for (const std::string& root : krun_roots()) {
    for (Container& container : parse_krun_list(output_of({krun, "--root", root, "list", "--format", "json"}), root)) {
      container.processes = parse_pids(output_of({krun, "--root", root, "ps", "--format", "json", container.id}));
      all.push_back(std::move(container));
    }
  }
  return all;
}

}  // namespace

std::vector<Kontainer> find_kontainers() {
  ClockFacts clock;
  clock.boot_ms = boot_time_ms();
  clock.ticks_per_second = static_cast<uint64_t>(sysconf(_SC_CLK_TCK));
  clock.page_size = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  const auto entries = registry_entries();
  const auto known = containers();
  return assemble(entries, known, read_processes(), clock);
}

}  // namespace kontain::cli
