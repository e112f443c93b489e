#include "cli/fleet/kontainer.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.h"

namespace kontain::cli {
namespace {

using Json = nlohmann::ordered_json;

// How much later than its entry a process may seem to have started: clocks are set now and then.
constexpr int64_t kClockSlack = 60'000;

int64_t start_ms(const Process& process, const ClockFacts& clock) {
  return clock.boot_ms + static_cast<int64_t>(process.start_ticks * 1000 / clock.ticks_per_second);
}

void add_processes(Kontainer& kontainer, const std::vector<Process>& processes, const ClockFacts& clock) {
  uint64_t ticks = 0;
  for (const Process& process : processes) {
    kontainer.memory_bytes += process.resident_pages * clock.page_size;
    ticks += process.cpu_ticks;
  }
  kontainer.processes = processes.size();
  kontainer.cpu_ms = ticks * 1000 / clock.ticks_per_second;
  if (!processes.empty()) kontainer.start_ticks = processes[0].start_ticks;
}

Kontainer of_entry(const RegistryEntry& row, const std::vector<Process>& all, const ClockFacts& clock) {
  Kontainer kontainer;
  kontainer.pid = row.entry.pid;
  kontainer.program = row.entry.program;
  kontainer.version = row.entry.version;
  kontainer.started_ms = row.entry.started;
  kontainer.user = row.owner;
  kontainer.status = "running";
  const std::vector<Process> tree = tree_of(row.entry.pid, all);
  const bool is_ours = !tree.empty() && tree[0].user == row.owner &&
                       (clock.boot_ms == 0 || start_ms(tree[0], clock) <= row.entry.started + kClockSlack);
  if (is_ours) add_processes(kontainer, tree, clock);
  return kontainer;
}

Kontainer of_container(const Container& container, const std::vector<Process>& all, const ClockFacts& clock) {
  Kontainer kontainer;
  kontainer.pid = container.pid;
  kontainer.id = container.id;
  kontainer.krun_root = container.root;
  kontainer.image = container.image;
  kontainer.status = container.status;
  kontainer.started_ms = container.created_ms;
  std::vector<Process> tree = tree_of(container.pid, all);
  std::set<pid_t> seen;
  for (const Process& process : tree) seen.insert(process.pid);
  for (const Process& process : all) {
    const bool in_cgroup = std::ranges::find(container.processes, process.pid) != container.processes.end();
    if (in_cgroup && seen.insert(process.pid).second) tree.push_back(process);
  }
  if (tree.empty()) return kontainer;
  kontainer.program = tree[0].name;
  kontainer.user = tree[0].user;
  add_processes(kontainer, tree, clock);
  if (kontainer.started_ms == 0 && clock.boot_ms != 0) kontainer.started_ms = start_ms(tree[0], clock);
  return kontainer;
}

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// Who put the image there: kontain run, containerd's CRI plugin, CRI-O, podman.
std::string image_of(const Json& container) {
  const auto annotations = container.find("annotations");
  if (annotations == container.end() || !annotations->is_object()) return "";
  for (const char* key : {"org.opencontainers.image.ref.name", "io.kubernetes.cri.image-name",
                          "io.kubernetes.cri-o.ImageName", "io.podman.annotations.image"}) {
    const std::string image = text_of(*annotations, key);
    if (!image.empty()) return image;
  }
  return "";
}

Json as_object(const Kontainer& kontainer) {
  return {{"pid", kontainer.pid},
          {"id", kontainer.id},
          {"image", kontainer.image},
          {"program", kontainer.program},
          {"status", kontainer.status},
          {"user", kontainer.user},
          {"started_ms", kontainer.started_ms},
          {"processes", kontainer.processes},
          {"memory_bytes", kontainer.memory_bytes},
          {"cpu_ms", kontainer.cpu_ms},
          {"km_version", kontainer.version},
          {"krun_root", kontainer.krun_root}};
}

}  // namespace

std::vector<Kontainer> assemble(const std::vector<RegistryEntry>& entries, const std::vector<Container>& containers,
                                const std::vector<Process>& processes, const ClockFacts& clock) {
  std::map<pid_t, Kontainer> by_pid;
  for (const RegistryEntry& entry : entries) by_pid[entry.entry.pid] = of_entry(entry, processes, clock);
  for (const Container& container : containers) {
    Kontainer kontainer = of_container(container, processes, clock);
    if (const auto registered = by_pid.find(container.pid); registered != by_pid.end()) {
      kontainer.program = registered->second.program;
      kontainer.version = registered->second.version;
    }
    by_pid[container.pid] = std::move(kontainer);
  }
  std::vector<Kontainer> kontainers;
  for (auto& [pid, kontainer] : by_pid) kontainers.push_back(std::move(kontainer));
  return kontainers;
}

std::vector<Container> parse_krun_list(const std::string& text, const std::string& root) {
  std::vector<Container> containers;
  const Json array = Json::parse(text, nullptr, false);
  if (!array.is_array()) return containers;
  for (const Json& object : array) {
    if (!object.is_object()) continue;
    const auto pid = object.find("pid");
    Container container;
    if (pid != object.end() && pid->is_number_integer()) container.pid = pid->get<pid_t>();
    container.id = text_of(object, "id");
    container.status = text_of(object, "status");
    container.root = root;
    container.image = image_of(object);
    if (container.pid > 0 && !container.id.empty() && container.status != "stopped") {
      containers.push_back(std::move(container));
    }
  }
  return containers;
}

Result<Kontainer> pick(const std::vector<Kontainer>& kontainers, const std::string& name) {
  const Kontainer* found = nullptr;
  for (const Kontainer& kontainer : kontainers) {
    if (kontainer.id != name && std::to_string(kontainer.pid) != name) continue;
    if (found) return fail(name, "", "names more than one kontainer: use the process id");
    found = &kontainer;
  }
  if (!found) return fail(name, "", "is no running kontainer");
  return *found;
}

std::string kontainers_as_json(const std::vector<Kontainer>& kontainers) {
  Json array = Json::array();
  for (const Kontainer& kontainer : kontainers) array.push_back(as_object(kontainer));
  return array.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace kontain::cli
