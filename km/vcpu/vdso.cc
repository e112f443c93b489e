#include "km/vcpu/vdso.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <string>

#include "base/checked.h"
#include "base/unique_fd.h"

namespace kontain::vcpu {
namespace {

std::string read_maps() {
  UniqueFd fd(open("/proc/self/maps", O_RDONLY | O_CLOEXEC));
  std::string text;
  char buffer[8192];
  ssize_t count = 0;
  while (fd && (count = read(fd.get(), buffer, sizeof buffer)) > 0) text.append(buffer, static_cast<size_t>(count));
  return text;
}

}  // namespace

std::optional<HostVdso> find_host_vdso() {
  const uint64_t start = getauxval(AT_SYSINFO_EHDR);
  if (start == 0) return std::nullopt;
  Elf64_Ehdr header;
  std::memcpy(&header, reinterpret_cast<const void*>(start), sizeof header);
  // The section headers come last (arch/x86/entry/vdso).
  const uint64_t size = header.e_shoff + uint64_t{header.e_shnum} * header.e_shentsize;
  return HostVdso{start, start + align_up(size, kPageSize)};
}

uint64_t find_host_vdso_data(const HostVdso& vdso) {
  const std::string maps = read_maps();
  uint64_t data = vdso.start;
  for (size_t at = 0; at < maps.size();) {
    const size_t line_end = maps.find('\n', at);
    const std::string line = maps.substr(at, line_end - at);
    at = line_end == std::string::npos ? maps.size() : line_end + 1;
    uint64_t start = 0;
    if (line.find("[vvar") == std::string::npos || std::sscanf(line.c_str(), "%" SCNx64, &start) != 1) continue;
    data = std::min(data, start);
  }
  return data;
}

}  // namespace kontain::vcpu
