// The text of /proc files about the payload's own process, in exactly Linux's formats (fs/proc/task_mmu.c, array.c,
// base.c of Linux 6.18). Pure: text from data.
#pragma once

#include <sys/resource.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "km/mem/mapping_view.h"

namespace kontain::procfs {

using Mappings = std::vector<mem::MappingView>;

std::string render_maps(const Mappings& mappings);

// `host_smaps` is the host's smaps of the whole monitor: how much of each mapping is resident is taken from there, in
// proportion where one of the host's mappings holds several of the payload's.
std::string render_smaps(const Mappings& mappings, std::string_view host_smaps);
std::string render_smaps_rollup(const Mappings& mappings, std::string_view host_smaps);

// What the payload's process is, where the host's files of the same name would describe the monitor. Sizes in bytes.
struct ProcessFacts {
  uint64_t mapped = 0;      // all mappings
  uint64_t data = 0;        // private writable ones that are not the stack
  uint64_t stack = 0;       // the main thread's
  uint64_t executable = 0;  // code of the program
  uint64_t libraries = 0;   // executable mappings of other files
  uint64_t stack_limit = 0;
  uint64_t start_code = 0, end_code = 0, start_stack = 0;
  uint64_t start_data = 0, end_data = 0, start_break = 0;
  uint64_t argument_start = 0, argument_end = 0, environment_start = 0, environment_end = 0;
  uint64_t threads = 0;
  uint64_t blocked = 0, ignored = 0, caught = 0;  // signal sets: bit n-1 is signal n
};

// `host_*` is the host's file of the same thread; what is not about memory, signals or filters is kept.
std::string render_status(std::string_view host_status, const ProcessFacts& facts);
std::string render_stat(std::string_view host_stat, const ProcessFacts& facts);
// Field `number` of /proc/PID/stat by proc(5)'s numbers, 3 or higher; 0 when it is not there.
uint64_t stat_field(std::string_view stat, size_t number);
std::string render_statm(std::string_view host_statm, const ProcessFacts& facts);

// The host's status and stat of another process, but for its number of threads.
std::string render_foreign_status(std::string_view host_status, uint64_t threads);
std::string render_foreign_stat(std::string_view host_stat, uint64_t threads);
// The name of a thread in its stat; it may hold anything.
std::string_view stat_name(std::string_view stat);

// By RLIMIT_* number.
std::string render_limits(const std::array<rlimit, RLIM_NLIMITS>& limits);

}  // namespace kontain::procfs
