#include "km/exitless/server.h"

#include <linux/futex.h>
#include <signal.h>
#include <sys/syscall.h>
#include <x86intrin.h>

#include <algorithm>

#include "base/host_call.h"

namespace kontain::exitless {
namespace {

uint64_t address_of(const std::atomic<uint32_t>& word) { return reinterpret_cast<uint64_t>(&word); }

}  // namespace

void Server::serve() {
  wanted_streak_ = backoff_.wanted();
  while (!is_ended_) {
    sleep();
    placement_.allow_all();
    work_.begin();
    poll();
    work_.end();
    empty_seats();
  }
}

void Server::sleep() {
  while (!is_ended_ && is_awake_.load() == 0) host_call(SYS_futex, address_of(is_awake_), FUTEX_WAIT_PRIVATE, 0);
}

// Awake until nothing has come for a while, or the processor is wanted by somebody else.
void Server::poll() {
  uint64_t served = 0;
  uint64_t previous = __rdtsc();
  uint64_t last_call = previous;
  for (;;) {
    const bool any = serve_once();
    const uint64_t now = __rdtsc();
    beat(now);
    if (any) {
      ++served;
      last_call = now;
    } else if (is_ended_ || now - last_call > pace_.idle || now - previous > pace_.preempted) {
      break;
    }
    previous = now;
    _mm_pause();
  }
  beat(0);
  backoff_.end_period(served);
  wanted_streak_ = backoff_.wanted();
}

// What was posted before the heartbeat stopped is taken back by its thread.
void Server::empty_seats() {
  const std::scoped_lock hold(lock_);
  for (auto& seat : seats_) seat = nullptr;
  is_awake_ = 0;
}

bool Server::serve_once() {
  bool any = false;
  for (auto& seat : seats_) {
    vcpu::CallExchange* const exchange = seat.load(std::memory_order_acquire);
    if (exchange != nullptr && exchange->is_posted() && !is_ended_) any |= serve_one(*exchange);
  }
  return any;
}

bool Server::serve_one(vcpu::CallExchange& exchange) {
  vcpu::PostedCall call;
  if (!exchange.claim(this, call)) return false;
  current_ = &exchange;
  const auto result = work_.make_call(exchange, call);
  current_ = nullptr;
  if (result) {
    exchange.finish(*result);
  } else {
    exchange.refuse();
  }
  return result.has_value();
}

void Server::beat(uint64_t now) {
  for (auto& seat : seats_) {
    if (vcpu::CallExchange* const exchange = seat.load(std::memory_order_acquire)) exchange->beat(now);
  }
}

bool Server::take_seat(vcpu::CallExchange& exchange) {
  for (auto& seat : seats_) {
    if (seat == &exchange) return true;
  }
  const auto free = std::ranges::find_if(seats_, [](const auto& seat) { return seat == nullptr; });
  if (free == seats_.end()) return false;
  *free = &exchange;
  return true;
}

bool Server::wake_for(vcpu::CallExchange& exchange, pid_t tid) {
  const std::scoped_lock hold(lock_);
  if (is_ended_) return false;
  if (is_awake_) return take_seat(exchange);
  if (!placement_.keep_off_this_cpu(tid) && pace_.worthwhile != 0) return false;
  take_seat(exchange);
  is_awake_ = 1;
  host_call(SYS_futex, address_of(is_awake_), FUTEX_WAKE_PRIVATE, 1);
  return true;
}

void Server::leave(vcpu::CallExchange& exchange) {
  const std::scoped_lock hold(lock_);
  for (auto& seat : seats_) {
    if (seat == &exchange) seat = nullptr;
  }
}

void Server::interrupt(vcpu::CallExchange& exchange, pid_t tid) {
  if (current_ != &exchange) return;
  const auto process = static_cast<uint64_t>(host_call(SYS_getpid));
  host_call(SYS_tgkill, process, static_cast<uint64_t>(tid), SIGBUS);
}

void Server::end() {
  is_ended_ = true;
  is_awake_ = 1;
  host_call(SYS_futex, address_of(is_awake_), FUTEX_WAKE_PRIVATE, 1);
}

}  // namespace kontain::exitless
