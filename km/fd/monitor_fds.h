// The monitor's own descriptors: one block of numbers that no payload call may name.
#pragma once

#include <atomic>

#include "base/error.h"
#include "base/unique_fd.h"

namespace kontain::fd {

// The block starts low, because the kernel's table (and every fork) grows with the highest number in use, and moves up
// when the payload comes near. Numbers inside the block are the monitor's whether they are open or not.
class MonitorFds {
 public:
  // One predicate, asked for every descriptor argument, set and control message.
  bool is_monitor_fd(int number) const {
    const int first = first_.load(std::memory_order_relaxed);
    return number >= first && number < first + kBlockSize;
  }

  // The first number of the block. New descriptors of the payload that land inside it are moved above
  // (km/sys/new_fds.h).
  int first() const { return first_.load(std::memory_order_relaxed); }

  // Moves `fd` into the block with close-on-exec set. Fails when the block or the descriptor limit is exhausted.
  // The first call places the block: not over descriptors that were inherited, and below the soft descriptor limit.
  Result<UniqueFd> adopt(UniqueFd fd);

  // Closes a descriptor that was adopted. Its number stays the monitor's.
  void release(UniqueFd fd) { fd.reset(); }

  static constexpr int kBlockSize = 16;

 private:
  static constexpr int kUsualStart = 240;

  bool place();

  std::atomic<int> first_{kUsualStart};
  bool is_placed_ = false;
};

}  // namespace kontain::fd
