#include "km/task/interruptible_call.h"

extern "C" {
long kontain_interruptible_call(const volatile int* signal_in_hand, long number, const uint64_t arguments[6]);
extern const char kontain_interruptible_start[], kontain_interruptible_made[], kontain_interruptible_cancelled[];
}

namespace kontain::task {
namespace {

thread_local SignalInHand t_in_hand;

}  // namespace

SignalInHand& signal_in_hand() { return t_in_hand; }

long interruptible_call(long number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f) {
  const uint64_t arguments[6] = {a, b, c, d, e, f};
  return kontain_interruptible_call(&t_in_hand.present, number, arguments);
}

uint64_t cancelled_call_rip(uint64_t rip) {
  const auto start = reinterpret_cast<uint64_t>(kontain_interruptible_start);
  const auto made = reinterpret_cast<uint64_t>(kontain_interruptible_made);
  return rip >= start && rip < made ? reinterpret_cast<uint64_t>(kontain_interruptible_cancelled) : rip;
}

}  // namespace kontain::task
