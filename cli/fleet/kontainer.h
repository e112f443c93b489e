// The running kontainers of the host: what km's registry and krun's state folders say, beside what the kernel says of
// their processes. The first two are hints that anybody may have written: a process counts as a kontainer's only when
// it belongs to the user whose folder names it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/fleet/process.h"
#include "km/registry/entry.h"

namespace kontain::cli {

// A process tree that km registered, or a container of krun.
struct Kontainer {
  pid_t pid = 0;             // of its first process; it may have ended before the others
  uint64_t start_ticks = 0;  // of that process, to tell it from a later one with the same number
  std::string id;            // krun's; empty for a program that km was called with
  std::string krun_root;     // of krun's state folder
  std::string image;         // what its annotations name
  std::string program;
  std::string status;   // "running", or what krun says: "created", "paused"
  std::string version;  // of km
  uid_t user = 0;
  int64_t started_ms = 0;  // since the epoch; 0: unknown
  size_t processes = 0;
  uint64_t memory_bytes = 0;  // resident; pages that processes share count in each
  uint64_t cpu_ms = 0;        // of all its processes since they started
};

struct RegistryEntry {
  registry::Entry entry;
  uid_t owner = 0;  // of the folder
};

// What `krun list` says of a container.
struct Container {
  pid_t pid = 0;
  std::string id;
  std::string root;
  std::string status;
  std::string image;
  int64_t created_ms = 0;
  std::vector<pid_t> processes;  // of its cgroup
};

struct ClockFacts {
  int64_t boot_ms = 0;  // since the epoch
  uint64_t ticks_per_second = 100;
  uint64_t page_size = 4096;
};

// By process id. Pure.
std::vector<Kontainer> assemble(const std::vector<RegistryEntry>& entries, const std::vector<Container>& containers,
                                const std::vector<Process>& processes, const ClockFacts& clock);

// The text of `krun list --format json`; stopped containers are left out. The text may be anybody's.
std::vector<Container> parse_krun_list(const std::string& text, const std::string& root);

// Those this user may see: root all of the host.
std::vector<Kontainer> find_kontainers();

// The one that `name` means: an id, or the number of the first process. The error says what it is not.
Result<Kontainer> pick(const std::vector<Kontainer>& kontainers, const std::string& name);

// As a JSON array, one object each.
std::string kontainers_as_json(const std::vector<Kontainer>& kontainers);

}  // namespace kontain::cli
