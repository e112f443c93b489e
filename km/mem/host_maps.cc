#include "km/mem/host_maps.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <optional>

#include "base/procfs.h"

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
  mapping.name = line + name_at;
  return mapping;
}

std::string read_whole(const char* name) {
  constexpr size_t kPart = 64 << 10;
  std::string text;
  const UniqueFd file = open_procfs(name);
  for (ssize_t got = 1; file && got > 0;) {
    const size_t old = text.size();
    text.resize(old + kPart);
    got = read(file.get(), text.data() + old, kPart);
    text.resize(old + static_cast<size_t>(std::max<ssize_t>(got, 0)));
  }
  return text;
}

}  // namespace

// Not by stdio: its locks are not held over fork(2), and a child may come here.
std::vector<HostMapping> read_host_maps() {
  std::vector<HostMapping> maps;
  std::string text = read_whole("self/maps");
  for (char* line = text.data(); *line != '\0';) {
    char* end = std::strchr(line, '\n');
    if (end != nullptr) *end = '\0';
    if (auto mapping = parse_line(line)) maps.push_back(std::move(*mapping));
    if (end == nullptr) break;
    line = end + 1;
  }
  return maps;
}

const HostMapping* find_host_mapping(const std::vector<HostMapping>& maps, uint64_t address) {
  const auto after = std::upper_bound(maps.begin(), maps.end(), address,
                                      [](uint64_t at, const HostMapping& mapping) { return at < mapping.start; });
  if (after == maps.begin() || std::prev(after)->end <= address) return nullptr;
  return &*std::prev(after);
}

}  // namespace kontain::mem
