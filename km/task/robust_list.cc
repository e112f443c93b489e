#include "km/task/robust_list.h"

#include <linux/futex.h>
#include <sys/syscall.h>

#include <utility>

#include "base/host_call.h"

namespace kontain::task {
namespace {

constexpr int kListLimit = 2048;  // ROBUST_LIST_LIMIT: the list may be a ring
constexpr uint64_t kPriorityInheritance = 1;

// struct robust_list_head.
struct Head {
  uint64_t first;
  int64_t futex_offset;
  uint64_t pending;  // a lock that is being taken or given back
};

enum class Pending : uint8_t { No, Yes };

void wake_one(uint64_t word) { host_call(SYS_futex, word, FUTEX_WAKE, 1); }

// kernel/futex/core.c: handle_futex_death.
void release_lock(const Task& task, uint64_t word, bool inherits_priority, Pending pending) {
  const mem::GuestPtr<uint32_t> pointer(word);
  auto value = mem::load(mem::GuestPtr<const uint32_t>(word));
  while (value) {
    const uint32_t owner = *value & FUTEX_TID_MASK;
    if (pending == Pending::Yes && !inherits_priority && owner == 0) {
      wake_one(word);
      return;
    }
    if (owner != static_cast<uint32_t>(task.tid())) return;
    const auto found = mem::compare_exchange(pointer, *value, (*value & FUTEX_WAITERS) | FUTEX_OWNER_DIED);
    if (!found) return;
    if (*found == *value) {
      // The host's kernel hands on the locks with priority inheritance itself.
      if (!inherits_priority && (*value & FUTEX_WAITERS)) wake_one(word);
      return;
    }
    *value = *found;
  }
}

}  // namespace

void release_robust_list(Task& task) {
  const uint64_t address = std::exchange(task.robust_list, 0);
  if (address == 0) return;
  const auto head = mem::load(mem::GuestPtr<const Head>(address));
  if (!head) return;
  const auto release = [&](uint64_t entry, Pending pending) {
    const uint64_t lock = entry & ~kPriorityInheritance;
    release_lock(task, lock + static_cast<uint64_t>(head->futex_offset), entry & kPriorityInheritance, pending);
  };
  uint64_t entry = head->first;
  for (int i = 0; i < kListLimit && (entry & ~kPriorityInheritance) != address; ++i) {
    const auto next = mem::load(mem::GuestPtr<const uint64_t>(entry & ~kPriorityInheritance));
    if ((entry & ~kPriorityInheritance) != (head->pending & ~kPriorityInheritance)) release(entry, Pending::No);
    if (!next) break;
    entry = *next;
  }
  if (head->pending != 0) release(head->pending, Pending::Yes);
}

}  // namespace kontain::task
