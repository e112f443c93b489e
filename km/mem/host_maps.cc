#include "km/mem/host_maps.h"

#include <sys/mman.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>

namespace kontain::mem {
namespace {

std::optional<HostMapping> parse_line(char* line) {
  HostMapping mapping;
  char rights[5] = {};
  int name_at = 0;
  const int fields =
      std::sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64 " %n", &mapping.start, &mapping.end,
                  rights, &mapping.offset, &mapping.device_major, &mapping.device_minor, &mapping.inode, &name_at);
  if (fields != 7) return std::nullopt;
  mapping.protection =
      (rights[0] == 'r' ? PROT_READ : 0) | (rights[1] == 'w' ? PROT_WRITE : 0) | (rights[2] == 'x' ? PROT_EXEC : 0);
  line[strcspn(line, "\n")] = '\0';
  mapping.name = line + name_at;
  return mapping;
}

}  // namespace

std::vector<HostMapping> read_host_maps() {
  std::vector<HostMapping> maps;
  std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen("/proc/self/maps", "re"), std::fclose);
  if (!file) return maps;
  char* line = nullptr;
  size_t capacity = 0;
  while (getline(&line, &capacity, file.get()) > 0) {
    if (auto mapping = parse_line(line)) maps.push_back(std::move(*mapping));
  }
  std::free(line);
  return maps;
}

const HostMapping* find_host_mapping(const std::vector<HostMapping>& maps, uint64_t address) {
  const auto after = std::upper_bound(maps.begin(), maps.end(), address,
                                      [](uint64_t at, const HostMapping& mapping) { return at < mapping.start; });
  if (after == maps.begin() || std::prev(after)->end <= address) return nullptr;
  return &*std::prev(after);
}

}  // namespace kontain::mem
