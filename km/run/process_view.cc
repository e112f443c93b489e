#include "km/run/process_view.h"

#include <fcntl.h>
#include <linux/prctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "base/procfs.h"

namespace kontain::run {
namespace {

// Fields of /proc/PID/stat, counted as in proc(5).
enum StatField { kStartCode = 26, kEndCode = 27, kStartStack = 28, kStartData = 45, kEndData = 46, kStartBrk = 47 };
constexpr int kFirstFieldBehindName = 3;
constexpr int kFieldCount = 53;
using StatFields = std::array<uint64_t, kFieldCount>;

std::optional<StatFields> read_own_stat() {
  std::array<char, 2048> text{};
  const UniqueFd fd = open_procfs("self/stat");
  if (!fd || read(fd.get(), text.data(), text.size() - 1) <= 0) return std::nullopt;
  const char* at = std::strrchr(text.data(), ')');
  if (!at) return std::nullopt;
  StatFields fields{};
  char* next = nullptr;
  at += 3;  // ") S"
  for (int field = kFirstFieldBehindName + 1; field < kFieldCount; ++field, at = next) {
    fields[static_cast<size_t>(field)] = std::strtoull(at, &next, 10);
  }
  return fields;
}

}  // namespace

void show_as_payload(const load::StartState& start, const std::string& executable_name) {
  const std::string name = executable_name.substr(executable_name.rfind('/') + 1);
  prctl(PR_SET_NAME, name.c_str(), 0, 0, 0);
  // The kernel wants all fields at once; what is not the payload's stays as it is.
  const auto own = read_own_stat();
  if (!own) return;
  prctl_mm_map map = {};
  map.start_code = (*own)[kStartCode];
  map.end_code = (*own)[kEndCode];
  map.start_data = (*own)[kStartData];
  map.end_data = (*own)[kEndData];
  map.start_brk = (*own)[kStartBrk];
  map.brk = reinterpret_cast<uint64_t>(sbrk(0));
  map.start_stack = start.stack_pointer;
  map.arg_start = start.argument_start;
  map.arg_end = start.argument_end;
  map.env_start = start.argument_end;
  map.env_end = start.environment_end;
  map.exe_fd = static_cast<uint32_t>(-1);
  prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0);
}

}  // namespace kontain::run
