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

bool SiteWatch::note_exit(task::Task& task, uint64_t return_address, uint64_t ticks_per_microsecond) {
  if (!may_replace()) return true;
  Seen& slot = seen(return_address);
  const uint32_t calls = slot.calls.load(std::memory_order_relaxed);
  if (calls == kDone) return true;
  if (calls + 1 < kOften && policy_ == Policy::Measured) {
    slot.calls = calls + 1;
    return false;
  }
  if (!is_worthwhile(task, ticks_per_microsecond)) return !may_replace();
  static_cast<void>(task.memory().replace_call_site(return_address, entry_));
  slot.calls = kDone;
  return true;
}

bool SiteWatch::note_served(uint64_t return_address) {
  if (!may_replace()) return false;
  Seen& slot = seen(return_address);
  const uint32_t calls = slot.calls.load(std::memory_order_relaxed);
  if (calls == kDone) return false;
  slot.calls = calls + 1;
  return calls + 1 >= kOftenServed;
}

bool SiteWatch::is_worthwhile(task::Task& task, uint64_t ticks_per_microsecond) {
  if (policy_ == Policy::Always) return true;
  if (ticks_per_microsecond == 0) return false;
  const auto exit = task.cpu().measure_exit();
  const auto syscall = exit ? task.cpu().measure_syscall() : exit;
  if (!exit || !syscall) return false;  // a signal came
  const bool is_slow = *syscall > *exit + kCheapSyscall * ticks_per_microsecond / 1000;
  policy_ = is_slow ? Policy::Always : Policy::Never;
  return is_slow;
}

}  // namespace kontain::run
