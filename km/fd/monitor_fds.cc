#include "km/fd/monitor_fds.h"

#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <string>

namespace kontain::fd {
namespace {

constexpr int kLowestBlock = 16;  // below it there is no room for an ordinary payload

// The highest number at which a block ends below the soft descriptor limit.
int highest_start() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t most = 1 << 20;
  return static_cast<int>(std::min(limit.rlim_cur, most)) - MonitorFds::kBlockSize;
}

bool is_unused(int first) {
  for (int number = first; number < first + MonitorFds::kBlockSize; ++number) {
    if (fcntl(number, F_GETFD) >= 0) return false;
  }
  return true;
}

tl::unexpected<Error> no_room() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  return fail("descriptors", "limit of " + std::to_string(limit.rlim_cur) + " (ulimit -n)",
              "no " + std::to_string(MonitorFds::kBlockSize) + " free numbers in a row for the monitor from " +
                  std::to_string(kLowestBlock) + " on");
}

}  // namespace

bool MonitorFds::place() {
  const int highest = highest_start();
  int start = kUsualStart;
  while (start <= highest && !is_unused(start)) start += kBlockSize;
  // No room upwards: below the usual place, where the payload comes near sooner.
  if (start > highest) start = std::min(highest, kUsualStart - kBlockSize);
  while (start >= kLowestBlock && !is_unused(start)) start -= kBlockSize;
  if (start < kLowestBlock) return false;
  first_.store(start, std::memory_order_relaxed);
  is_placed_ = true;
  return true;
}

Result<UniqueFd> MonitorFds::adopt(UniqueFd fd) {
  if (!is_placed_ && !place()) return no_room();
  const UniqueFd original = std::move(fd);
  UniqueFd adopted(fcntl(original.get(), F_DUPFD_CLOEXEC, first()));
  if (!adopted) return fail_errno("descriptors", "", errno);
  if (!is_monitor_fd(adopted.get())) return fail("descriptors", "", "the monitor's block is full");
  return adopted;
}

}  // namespace kontain::fd
