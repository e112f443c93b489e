// fork(2) and vfork(2), as far as they concern the payload's memory.
#include <sys/mman.h>
#include <sys/syscall.h>

#include <algorithm>
#include <vector>

#include "base/host_call.h"
#include "km/mem/address_space.h"
#include "km/mem/reservation.h"

namespace kontain::mem {
namespace {

bool is_copied_by_fork(const Vma& vma) {
  return !vma.shared && (vma.protection & PROT_WRITE) && !vma.dont_fork && !vma.wipe_on_fork && !vma.huge;
}

}  // namespace

void AddressSpace::prepare_fork(uint64_t stack_pointer) {
  lock_.lock();
  physical_.prepare_fork();
  choose_copied_at_once(stack_pointer);
}

void AddressSpace::finish_fork_in_parent() {
  physical_.finish_fork();
  copy_at_once();
  lock_.unlock();
}

// Where both go on: the stack's end, then the data of the program and of its libraries, as much as there is room for.
void AddressSpace::choose_copied_at_once(uint64_t stack_pointer) {
  copied_at_once_.clear();
  uint64_t room = kCopiedAtOnce;
  const auto choose = [&](const Vma& vma, uint64_t start, uint64_t end) {
    if (!is_copied_by_fork(vma) || start >= end || end - start > room) return;
    copied_at_once_.push_back({start, end});
    room -= end - start;
  };
  const Vma* stack = tree_.find(stack_pointer);
  const uint64_t part = page_down(stack_pointer) - kTouchFill / 2;
  if (stack) choose(*stack, std::max(stack->start, part), std::min(stack->end, part + kTouchFill));
  for (const auto& [start, vma] : tree_) {
    if (room == 0) break;
    if (&vma != stack) choose(vma, start, vma.accessible_end());
  }
}

// KVM's shadow takes pages that both processes still share one at a time, and each twice: to read it and, behind the
// copy that the host makes, to write it.
void AddressSpace::copy_at_once() {
  for (const Run& run : copied_at_once_) {
    host_call(SYS_madvise, run.start, run.end - run.start, MADV_POPULATE_WRITE);
  }
}

// The host has copied everything else: contents, rights, wiped ranges (their entries stay right), and our page tables,
// which are private memory of this process.
void AddressSpace::finish_fork_in_child() {
  physical_.finish_fork();
  lock_future_ = 0;
  if (any_unforked_) drop_unforked();
  copy_at_once();
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
