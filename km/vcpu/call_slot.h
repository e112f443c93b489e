// The memory through which a payload thread and the call server (km/exitless) exchange system calls without an exit:
// a page per vCPU that the stub writes, and one table for all of them that it reads.
//
// The slot is the payload's to write: it may forge whatever is in it, at any time. So what is in it decides only what
// the payload itself gets to see. Whoever acts on a call reads it once into memory of the monitor.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "km/vcpu/call_layout.h"

namespace kontain::vcpu {

// Values that calls like getpid(2) are answered with, in the guest.
inline constexpr size_t kLocalValues = 8;

struct CallSlot {
  // KM_CALL_*. Idle -> Posted by the stub; Posted -> Done or Refused by the server; anything -> Idle by the stub that
  // has its result, or by the thread itself after an exit.
  std::atomic<uint32_t> state;
  uint32_t padding0;
  uint64_t number;
  std::array<uint64_t, 6> arguments;
  // A line of its own: the payload's registers that the stub uses while it works.
  uint64_t rcx;
  uint64_t r11;
  int64_t result;
  std::array<uint64_t, 5> padding1;
  // The time stamp counter when the server last looked; 0: it does not look here.
  std::atomic<uint64_t> heartbeat;
  std::array<uint64_t, 7> padding2;
  std::array<std::atomic<uint64_t>, kLocalValues> local;
  // The payload's, while the stub asks for its flags; and the stack that it does that on.
  uint64_t rsp;
  uint64_t stack;
};
static_assert(offsetof(CallSlot, state) == KM_SLOT_STATE);
static_assert(offsetof(CallSlot, number) == KM_SLOT_NUMBER);
static_assert(offsetof(CallSlot, arguments) == KM_SLOT_ARGUMENTS);
static_assert(offsetof(CallSlot, rcx) == KM_SLOT_RCX);
static_assert(offsetof(CallSlot, r11) == KM_SLOT_R11);
static_assert(offsetof(CallSlot, result) == KM_SLOT_RESULT);
static_assert(offsetof(CallSlot, heartbeat) == KM_SLOT_HEARTBEAT);
static_assert(offsetof(CallSlot, local) == KM_SLOT_LOCAL);
static_assert(offsetof(CallSlot, rsp) == KM_SLOT_RSP);
static_assert(offsetof(CallSlot, stack) + sizeof(uint64_t) == KM_SLOT_STACK_END);
static_assert(std::atomic<uint32_t>::is_always_lock_free && std::atomic<uint64_t>::is_always_lock_free);

// How the stub treats a call number. kLocalClass + n: the answer is local[n].
inline constexpr uint8_t kPlainClass = 0;     // an exit
inline constexpr uint8_t kExitlessClass = 1;  // posted
inline constexpr uint8_t kByKindClass = 2;    // posted if the descriptor in the first argument is quick
inline constexpr uint8_t kLocalClass = 3;

inline constexpr size_t kCallClasses = 512;
inline constexpr size_t kKindsShown = 1024;  // descriptor numbers from here on are not quick

// Read-only in the guest.
struct CallTable {
  std::array<std::atomic<uint8_t>, kCallClasses> classes;
  std::array<std::atomic<uint8_t>, kKindsShown> kinds;  // fd::Kind: 1 is quick, all else is not
  // Powers of two, in ticks of the time stamp counter: how old a heartbeat may be, how long the stub waits.
  std::atomic<uint32_t> fresh_shift;
  std::atomic<uint32_t> spin_shift;
};
static_assert(offsetof(CallTable, classes) == KM_TABLE_CLASSES);
static_assert(offsetof(CallTable, kinds) == KM_TABLE_KINDS);
static_assert(offsetof(CallTable, fresh_shift) == KM_TABLE_FRESH_SHIFT);
static_assert(offsetof(CallTable, spin_shift) == KM_TABLE_SPIN_SHIFT);
static_assert(sizeof(CallTable) <= 4096 && sizeof(CallSlot) <= 4096);

}  // namespace kontain::vcpu
