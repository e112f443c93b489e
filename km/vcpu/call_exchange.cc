#include "km/vcpu/call_exchange.h"

#include <immintrin.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>

#include "base/host_call.h"

namespace kontain::vcpu {
namespace {

// A call that is nearly done is not worth a sleep.
constexpr int kSpins = 2000;
// A kick can come just before the sleep.
constexpr timespec kPatience = {.tv_sec = 0, .tv_nsec = 1'000'000};

void wait_while(const std::atomic<uint32_t>& word, uint32_t value) {
  host_call(SYS_futex, reinterpret_cast<uint64_t>(&word), FUTEX_WAIT_PRIVATE, value,
            reinterpret_cast<uint64_t>(&kPatience));
}

void wake(const std::atomic<uint32_t>& word) {
  host_call(SYS_futex, reinterpret_cast<uint64_t>(&word), FUTEX_WAKE_PRIVATE, 1);
}

uint64_t read_once(const uint64_t& word) { return __atomic_load_n(&word, __ATOMIC_RELAXED); }

}  // namespace

void CallExchange::attach(CallSlot& slot) {
  slot_ = &slot;
  slot.state = KM_CALL_IDLE;
  slot.heartbeat = 0;
}

void CallExchange::open(const void* server, void* owner) {
  server_ = server;
  owner_ = owner;
}

void CallExchange::close() {
  server_ = nullptr;
  owner_ = nullptr;
  slot_->heartbeat = 0;
}

void CallExchange::give() {
  if (is_open()) turn_.store(Turn::Guest, std::memory_order_release);
}

void CallExchange::take(const std::function<void()>& hurry) {
  if (!is_open()) return;
  for (int i = 0;; ++i) {
    uint32_t turn = Turn::Guest;
    if (turn_.compare_exchange_strong(turn, Turn::Loop) || turn == Turn::Loop) return;
    if (i < kSpins) {
      _mm_pause();
      continue;
    }
    if (turn == Turn::Server && !turn_.compare_exchange_strong(turn, Turn::ServerAwaited)) continue;
    hurry();
    wait_while(turn_, Turn::ServerAwaited);
  }
}

std::optional<AnsweredCall> CallExchange::settle() {
  const uint32_t state = slot_->state.exchange(KM_CALL_IDLE);
  if (state != KM_CALL_DONE || !was_made_) return std::nullopt;
  was_made_ = false;
  return made_;
}

bool CallExchange::claim(const void* server, PostedCall& call) {
  uint32_t turn = Turn::Guest;
  if (!turn_.compare_exchange_strong(turn, Turn::Server)) return false;
  if (server_ != server || slot_->state.load(std::memory_order_acquire) != KM_CALL_POSTED) {
    if (turn_.exchange(Turn::Guest) == Turn::ServerAwaited) wake(turn_);
    return false;
  }
  call.number = static_cast<uint32_t>(read_once(slot_->number));
  for (size_t i = 0; i < call.arguments.size(); ++i) call.arguments[i] = read_once(slot_->arguments[i]);
  made_.call = call;
  was_made_ = false;
  return true;
}

void CallExchange::finish(int64_t result) {
  made_.result = result;
  was_made_ = true;
  slot_->result = result;
  end_turn(KM_CALL_DONE);
}

void CallExchange::refuse() { end_turn(KM_CALL_REFUSED); }

void CallExchange::end_turn(uint32_t state) {
  slot_->state.store(state, std::memory_order_release);
  if (turn_.exchange(Turn::Guest) == Turn::ServerAwaited) wake(turn_);
}

}  // namespace kontain::vcpu
