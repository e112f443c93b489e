// The call server: one thread of the monitor that looks into the call slots of the threads that make many calls, and
// makes those calls for them, so that they need not leave the guest.
//
// It looks without pause while there is something to do, and sleeps otherwise; its heartbeat in each slot tells the
// stub which of the two it is, so nobody waits for a server that sleeps, is preempted, or is at somebody's slow call.
#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>

#include "km/exitless/pace.h"
#include "km/exitless/placement.h"
#include "km/vcpu/call_exchange.h"

namespace kontain::exitless {

class Server {
 public:
  // What the server does is somebody else's.
  struct Work {
    // Makes `call` for the owner of `exchange`: its result, or nothing when the thread has to make it itself.
    std::function<std::optional<int64_t>(vcpu::CallExchange& exchange, const vcpu::PostedCall& call)> make_call;
    // Around each period awake.
    std::function<void()> begin;
    std::function<void()> end;
  };

  Server(const Pace& pace, Work work) : pace_(pace), work_(std::move(work)), backoff_(pace) {}

  // The thread's whole life: returns after end().
  void serve();

  // By threads of the payload, which have the turn of their exchange. All of them are safe at any time.

  // How many calls in a row wake the server.
  unsigned wanted_streak() const { return wanted_streak_.load(std::memory_order_relaxed); }
  // The server looks at `exchange` from now on, until it sleeps again; it wakes up if it does. `tid` is the server's.
  // False: there is no processor for it, or no seat.
  bool wake_for(vcpu::CallExchange& exchange, pid_t tid);
  // It does not look any more. (It may do so once again, and finds nothing: the exchange is closed.)
  void leave(vcpu::CallExchange& exchange);
  // The call that the server makes for `exchange` should end: a signal waits for its thread. `tid` is the server's.
  void interrupt(vcpu::CallExchange& exchange, pid_t tid);
  // serve() returns soon. Whoever had a seat closes and opens its exchange before another server looks at it.
  void end();

 private:
  static constexpr size_t kSeats = 32;

  void poll();
  void sleep();
  bool serve_once();
  bool serve_one(vcpu::CallExchange& exchange);
  void beat(uint64_t now);
  void empty_seats();
  bool take_seat(vcpu::CallExchange& exchange);

  const Pace pace_;
  const Work work_;
  Backoff backoff_;  // the server's own
  std::atomic<unsigned> wanted_streak_ = 1;
  std::atomic<uint32_t> is_awake_ = 0;
  std::atomic<bool> is_ended_ = false;
  std::atomic<vcpu::CallExchange*> current_ = nullptr;  // whose call is being made
  std::array<std::atomic<vcpu::CallExchange*>, kSeats> seats_{};
  std::mutex lock_;  // taking and emptying seats, placement
  Placement placement_;
};

}  // namespace kontain::exitless
