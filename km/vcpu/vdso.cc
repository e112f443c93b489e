#include "km/vcpu/vdso.h"

#include <fcntl.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <string>
#include <string_view>

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
  const uint64_t header = getauxval(AT_SYSINFO_EHDR);
  if (header == 0) return std::nullopt;
  HostVdso vdso = {header, header, 0};
  const std::string maps = read_maps();
  for (size_t at = 0; at < maps.size();) {
    const size_t line_end = maps.find('\n', at);
    const std::string line = maps.substr(at, line_end - at);
    at = line_end == std::string::npos ? maps.size() : line_end + 1;
    uint64_t start = 0;
    uint64_t end = 0;
    if (std::sscanf(line.c_str(), "%" SCNx64 "-%" SCNx64, &start, &end) != 2) continue;
    // [vvar] and, since 6.13, [vvar_vclock] lie just below the code.
    if (line.find("[vvar") != std::string::npos && start < vdso.start) vdso.start = start;
    if (line.find("[vdso]") != std::string::npos) vdso.end = end;
  }
  if (vdso.end <= vdso.code_start) return std::nullopt;
  return vdso;
}

}  // namespace kontain::vcpu
