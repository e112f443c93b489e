#include "km/sys/system.h"

#include <sys/personality.h>

#include <algorithm>
#include <cstring>

#include "km/sys/forward.h"

namespace kontain::sys {
namespace {

constexpr char kReleaseSuffix[] = ".kontain";

// Appends the suffix, cutting the release rather than the suffix when both do not fit.
template <size_t Size>
void append_suffix(char (&release)[Size]) {
  const size_t length = std::min(strnlen(release, Size - 1), Size - sizeof kReleaseSuffix);
  std::memcpy(release + length, kReleaseSuffix, sizeof kReleaseSuffix);
}

// What changes nothing here, or only what the next program's addresses look like.
constexpr uint32_t kHarmlessPersona =
    ADDR_NO_RANDOMIZE | ADDR_COMPAT_LAYOUT | SHORT_INODE | WHOLE_SECONDS | STICKY_TIMEOUTS | FDPIC_FUNCPTRS;
constexpr uint32_t kQueryPersona = 0xffffffff;

}  // namespace

SysResult sys_uname(Task&, GuestPtr<utsname> out) {
  utsname names{};
  const SysResult result = host(SYS_uname, &names);
  append_suffix(names.release);
  return finish(result, out, names);
}

SysResult sys_sysinfo(Task&, GuestPtr<struct sysinfo> out) {
  struct sysinfo info = {};
  return finish(host(SYS_sysinfo, &info), out, info);
}

SysResult sys_personality(Task& task, uint32_t persona) {
  std::optional<uint32_t>& kept = task.process().personality;
  const auto of_host = static_cast<uint32_t>(host(SYS_personality, kQueryPersona).raw());
  const uint32_t previous = kept.value_or(of_host & kHarmlessPersona);
  if (persona != kQueryPersona) {
    if (persona & ~kHarmlessPersona) return Errno{EINVAL};
    kept = persona;
  }
  return SysResult::value(previous);
}

SysResult sys_getcpu(Task&, GuestPtr<unsigned> cpu, GuestPtr<unsigned> node, uint64_t) {
  unsigned current_cpu = 0;
  unsigned current_node = 0;
  const SysResult result = finish_optional(host(SYS_getcpu, &current_cpu, &current_node, nullptr), cpu, current_cpu);
  return finish_optional(result, node, current_node);
}

}  // namespace kontain::sys
