// The two ends of a vCPU's call slot: the thread that runs the vCPU, and the call server.
//
// Exactly one of three acts for the payload's thread at a time, and who that is stands in memory the payload cannot
// reach: the guest itself, the server (while it makes a call for it), or the thread's own loop (between two runs of the
// guest). Whatever a payload writes into its slot, its Task never has two executors.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>

#include "km/vcpu/call_slot.h"

namespace kontain::vcpu {

// A system call as it was posted: the payload's words, each read once.
struct PostedCall {
  uint32_t number = 0;
  std::array<uint64_t, 6> arguments{};
};

// A call that the server has made.
struct AnsweredCall {
  PostedCall call;
  int64_t result = 0;
};

class CallExchange {
 public:
  // `slot` is zeroed and outlives the object.
  void attach(CallSlot& slot);
  CallSlot& slot() { return *slot_; }

  // The thread's side.

  // From now on `server`, and no other, may act for the guest, or nobody. `owner` is what it is told the calls are for.
  void open(const void* server, void* owner);
  void close();
  bool is_open() const { return server_ != nullptr; }
  const void* server() const { return server_; }
  void* owner() const { return owner_; }

  // Around a run of the guest. take() waits until the server is done with a call it has begun, and calls `hurry` now
  // and then meanwhile.
  void give();
  void take(const std::function<void()>& hurry);
  // After take(), when the guest was stopped in the stub: the call that the server has made and the guest has not seen
  // the result of. The slot is idle then.
  std::optional<AnsweredCall> settle();

  // The server's side.

  bool is_posted() const { return slot_->state.load(std::memory_order_relaxed) == KM_CALL_POSTED; }
  // Begins with the posted call. False: it has been taken back, or is not for `server`.
  bool claim(const void* server, PostedCall& call);
  // The thread waits in take().
  bool is_awaited() const { return turn_.load() == Turn::ServerAwaited; }
  // Ends it: the guest goes on with `result`, or makes the call itself.
  void finish(int64_t result);
  void refuse();
  // 0: nobody looks at the slot any more.
  void beat(uint64_t now) { slot_->heartbeat.store(now, std::memory_order_release); }

 private:
  enum Turn : uint32_t { Loop, Guest, Server, ServerAwaited };
  void end_turn(uint32_t state);

  CallSlot* slot_ = nullptr;
  std::atomic<uint32_t> turn_ = Turn::Loop;
  const void* server_ = nullptr;  // this and the next: written by the loop when it has the turn
  void* owner_ = nullptr;
  // The last call the server has made; read by the loop when it has the turn.
  AnsweredCall made_;
  bool was_made_ = false;
};

}  // namespace kontain::vcpu
