#include "km/fd/monitor_fds.h"

#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>

namespace kontain::fd {
namespace {

constexpr int kLowestBlock = 16;  // below it there is no room for an ordinary payload

// Where the block starts when it has to lie below the soft descriptor limit.
int start_below_limit() {
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

}  // namespace

Result<UniqueFd> MonitorFds::adopt(UniqueFd fd) {
  int number = fcntl(fd.get(), F_DUPFD_CLOEXEC, first());
  if (number < 0 && errno == EINVAL) {
    // The limit ends below the block, which can still sink while nothing is in it.
    const int start = start_below_limit();
    if (start < kLowestBlock || !is_unused(first())) return fail_errno("descriptors", "", EMFILE);
    first_.store(start, std::memory_order_relaxed);
    number = fcntl(fd.get(), F_DUPFD_CLOEXEC, start);
  }
  if (number < 0) return fail_errno("descriptors", "", errno);
  UniqueFd adopted(number);
  if (!is_monitor_fd(number)) return fail("descriptors", "", "the monitor's block is full");
  return adopted;
}

}  // namespace kontain::fd
