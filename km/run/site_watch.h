// Which SYSCALL instructions of the payload are worth replacing (mem/call_sites.h): those that calls come from often,
// on hosts where SYSCALL itself is slow. Safe to use from all threads.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>

#include "km/task/task.h"

namespace kontain::run {

class SiteWatch {
 public:
  enum class Policy : uint8_t {
    Never,
    Unknown,  // as decide() will say
    Often,    // those that calls come from often
    Always,
  };
  // A SYSCALL that costs less beyond an exit is left alone, nanoseconds.
  static constexpr uint64_t kCheapSyscall = 5000;

  // `entry`: where the jumps lead.
  SiteWatch(Policy policy, uint64_t entry) : policy_(policy), entry_(entry) {}

  // Calls may be replaced here, as far as is known yet.
  bool may_replace() const { return policy_.load(std::memory_order_relaxed) != Policy::Never; }
  enum class Site : uint8_t {
    Rare,      // few calls came from it
    Worth,     // its instruction should be looked at now
    LookedAt,  // replaced, or not to be replaced
  };
  // A call that took an exit goes on at `return_address`.
  Site note_exit(uint64_t return_address);
  bool is_decided() const { return policy_.load(std::memory_order_relaxed) != Policy::Unknown; }
  // A SYSCALL costs so many nanoseconds.
  void decide(uint64_t syscall_cost);
  // Looks at the instruction, for good.
  void replace(task::Task& task, uint64_t return_address);
  // As claimed by the payload, a call that was made for it without an exit goes on at `return_address`. True: it should
  // rather take an exit, to be looked at.
  bool note_served(uint64_t return_address);

 private:
  struct Seen {
    std::atomic<uint64_t> address = 0;
    std::atomic<uint32_t> calls = 0;  // kDone: looked at
  };
  static constexpr uint32_t kDone = UINT32_MAX;
  static constexpr size_t kSlots = 1024;

  Seen& seen(uint64_t address);

  std::atomic<Policy> policy_;
  const uint64_t entry_;
  std::array<Seen, kSlots> seen_;
};

}  // namespace kontain::run
