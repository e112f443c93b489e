#include "km/run/site_watch.h"

namespace kontain::run {
namespace {

// Replacing one costs about as much as this many of its calls do.
constexpr uint32_t kOften = 6;
constexpr uint32_t kOftenServed = 12;

}  // namespace

// Whoever comes later takes the place: a few calls are counted anew.
SiteWatch::Seen& SiteWatch::seen(uint64_t address) {
  Seen& slot = seen_[(address * 0x9e37'79b9'7f4a'7c15) >> 54];
  static_assert(kSlots == 1 << 10);
  if (slot.address.load(std::memory_order_relaxed) != address) {
    slot.address.store(address, std::memory_order_relaxed);
    slot.calls = 0;
  }
  return slot;
}

SiteWatch::Site SiteWatch::note_exit(uint64_t return_address) {
  const Policy policy = policy_;
  if (policy == Policy::Never) return Site::Rare;
  Seen& slot = seen(return_address);
  const uint32_t calls = slot.calls.load(std::memory_order_relaxed);
  if (calls == kDone) return Site::LookedAt;
  slot.calls = calls + 1;
  return policy == Policy::Always || calls + 1 >= kOften ? Site::Worth : Site::Rare;
}

void SiteWatch::decide(uint64_t syscall_cost) {
  auto unknown = Policy::Unknown;
  policy_.compare_exchange_strong(unknown, syscall_cost > kCheapSyscall ? Policy::Often : Policy::Never);
}

void SiteWatch::replace(task::Task& task, uint64_t return_address) {
  static_cast<void>(task.memory().replace_call_site(return_address, entry_));
  seen(return_address).calls = kDone;
}

bool SiteWatch::note_served(uint64_t return_address) {
  if (!may_replace()) return false;
  Seen& slot = seen(return_address);
  const uint32_t calls = slot.calls.load(std::memory_order_relaxed);
  if (calls == kDone) return false;
  slot.calls = calls + 1;
  return calls + 1 >= kOftenServed;
}

}  // namespace kontain::run
