// The payload's mappings as /proc/PID/maps and core dumps show them.
#pragma once

#include <cstdint>
#include <string>

namespace kontain::mem {

// One line of /proc/self/maps. Numbers as the kernel prints them there; the name is empty for private anonymous
// memory, "[heap]", "[stack]", or what the host calls the file: a path, perhaps with " (deleted)", unescaped as in maps
// (a newline is \012).
struct MappingView {
  uint64_t start = 0;
  uint64_t end = 0;        // exclusive
  int protection = 0;      // PROT_READ | PROT_WRITE | PROT_EXEC
  bool shared = false;     // 's' instead of 'p'
  bool dont_dump = false;  // MADV_DONTDUMP: not in a core
  bool replaced = false;   // text in which the monitor has replaced instructions (call_sites.h), and nobody else has
  uint64_t offset = 0;     // bytes
  unsigned device_major = 0;
  unsigned device_minor = 0;
  uint64_t inode = 0;
  std::string name;
};

}  // namespace kontain::mem
