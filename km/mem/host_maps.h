// The host's own view of our address space, /proc/self/maps, parsed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kontain::mem {

struct HostMapping {
  uint64_t start = 0;
  uint64_t end = 0;
  int protection = 0;  // PROT_*
  uint64_t offset = 0;
  unsigned device_major = 0;
  unsigned device_minor = 0;
  uint64_t inode = 0;
  std::string name;
};

// Every mapping of this process, by address. Empty when /proc is not there.
std::vector<HostMapping> read_host_maps();
// The mapping of `maps` that contains `address`, or nullptr.
const HostMapping* find_host_mapping(const std::vector<HostMapping>& maps, uint64_t address);

}  // namespace kontain::mem
