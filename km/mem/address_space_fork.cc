// fork(2) and vfork(2), as far as they concern the payload's memory.
#include <sys/syscall.h>

#include <vector>

#include "base/host_call.h"
#include "km/mem/address_space.h"
#include "km/mem/reservation.h"

namespace kontain::mem {

void AddressSpace::prepare_fork() {
  lock_.lock();
  physical_.prepare_fork();
}

void AddressSpace::finish_fork_in_parent() {
  physical_.finish_fork();
  lock_.unlock();
}

// The host has copied everything else: contents, rights, wiped ranges (their entries stay right), and our page tables,
// which are private memory of this process.
void AddressSpace::finish_fork_in_child() {
  physical_.finish_fork();
  lock_future_ = 0;
  if (any_unforked_) drop_unforked();
  lock_.unlock();
}

void AddressSpace::drop_unforked() {
  std::vector<Run> gone;
  for (const auto& [start, vma] : tree_) {
    if (vma.dont_fork) gone.push_back({start, vma.end});
  }
  for (const Run& run : gone) {
    tables_.clear(run.start, run.end);
    reserve_range(run.start, run.end);
    tree_.erase(run.start, run.end);
  }
  tables_.release_tables();
  any_unforked_ = false;
}

void AddressSpace::release_lock_of_dead_child() {
  if (lock_.held_by_this_thread()) lock_.unlock();
}

}  // namespace kontain::mem
