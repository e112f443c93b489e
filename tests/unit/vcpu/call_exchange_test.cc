#include "km/vcpu/call_exchange.h"

#include <catch2/catch.hpp>
#include <cerrno>
#include <memory>
#include <thread>

namespace kontain::vcpu {
namespace {

struct Pair {
  Pair() { exchange.attach(*slot); }
  void post(uint64_t number) {
    slot->number = number;
    slot->arguments = {1, 2, 3, 4, 5, 6};
    slot->state = KM_CALL_POSTED;
  }
  std::unique_ptr<CallSlot> slot = std::make_unique<CallSlot>();
  CallExchange exchange;
  int server = 0;
  int owner = 0;
};

void never() { FAIL("nobody is to be waited for"); }

TEST_CASE("a posted call is claimed once, and its result goes to the guest") {
  Pair pair;
  pair.exchange.open(&pair.server, &pair.owner);
  pair.exchange.give();
  pair.post(0x1'0000'0011);
  REQUIRE(pair.exchange.is_posted());
  PostedCall call;
  REQUIRE(pair.exchange.claim(&pair.server, call));
  CHECK(call.number == 0x11);
  CHECK(call.arguments == std::array<uint64_t, 6>{1, 2, 3, 4, 5, 6});
  CHECK(pair.exchange.owner() == &pair.owner);
  PostedCall again;
  CHECK_FALSE(pair.exchange.claim(&pair.server, again));
  pair.exchange.finish(-ENOENT);
  CHECK(pair.slot->state == KM_CALL_DONE);
  CHECK(pair.slot->result == -ENOENT);
}

TEST_CASE("the thread's loop gets a result that the guest has not seen") {
  Pair pair;
  pair.exchange.open(&pair.server, &pair.owner);
  pair.exchange.give();
  pair.post(4);
  PostedCall call;
  REQUIRE(pair.exchange.claim(&pair.server, call));
  pair.exchange.finish(77);
  pair.slot->result = 99;  // forged
  pair.exchange.take(never);
  const auto made = pair.exchange.settle();
  REQUIRE(made);
  CHECK(made->call.number == 4);
  CHECK(made->result == 77);
  CHECK(pair.slot->state == KM_CALL_IDLE);
  CHECK_FALSE(pair.exchange.settle());
}

TEST_CASE("a call that nobody has claimed is taken back") {
  Pair pair;
  pair.exchange.open(&pair.server, &pair.owner);
  pair.exchange.give();
  pair.post(4);
  pair.exchange.take(never);
  PostedCall call;
  CHECK_FALSE(pair.exchange.claim(&pair.server, call));
  CHECK_FALSE(pair.exchange.settle());
  CHECK(pair.slot->state == KM_CALL_IDLE);
}

TEST_CASE("a refused call is the thread's own") {
  Pair pair;
  pair.exchange.open(&pair.server, &pair.owner);
  pair.exchange.give();
  pair.post(4);
  PostedCall call;
  REQUIRE(pair.exchange.claim(&pair.server, call));
  pair.exchange.refuse();
  CHECK(pair.slot->state == KM_CALL_REFUSED);
  pair.exchange.take(never);
  CHECK_FALSE(pair.exchange.settle());
}

TEST_CASE("what a payload forges into its slot makes no second executor") {
  Pair pair;
  PostedCall call;
  SECTION("a result without a call") {
    pair.exchange.open(&pair.server, &pair.owner);
    pair.slot->state = KM_CALL_DONE;
    CHECK_FALSE(pair.exchange.settle());
  }
  SECTION("a call while its thread's loop has the turn") {
    pair.exchange.open(&pair.server, &pair.owner);
    pair.post(4);
    CHECK_FALSE(pair.exchange.claim(&pair.server, call));
  }
  SECTION("a call when nobody serves it") {
    pair.exchange.give();
    pair.post(4);
    CHECK_FALSE(pair.exchange.claim(&pair.server, call));
  }
  SECTION("a call for a server of before") {
    int successor = 0;
    pair.exchange.open(&successor, &pair.owner);
    pair.exchange.give();
    pair.post(4);
    CHECK_FALSE(pair.exchange.claim(&pair.server, call));
    CHECK(pair.exchange.claim(&successor, call));
  }
  SECTION("an idle slot while the server works: the loop waits all the same") {
    pair.exchange.open(&pair.server, &pair.owner);
    pair.exchange.give();
    pair.post(4);
    REQUIRE(pair.exchange.claim(&pair.server, call));
    pair.slot->state = KM_CALL_IDLE;
    std::atomic<bool> has_turn = false;
    std::thread loop([&] {
      pair.exchange.take([] {});
      has_turn = true;
    });
    while (!pair.exchange.is_awaited()) std::this_thread::yield();
    CHECK_FALSE(has_turn);
    pair.exchange.finish(1);
    loop.join();
    CHECK(has_turn);
  }
}

TEST_CASE("a loop that waits hurries the server") {
  Pair pair;
  pair.exchange.open(&pair.server, &pair.owner);
  pair.exchange.give();
  pair.post(4);
  PostedCall call;
  REQUIRE(pair.exchange.claim(&pair.server, call));
  int hurried = 0;
  pair.exchange.take([&] {
    if (++hurried == 3) pair.exchange.finish(-EINTR);
  });
  CHECK(hurried >= 3);
  CHECK(pair.exchange.settle()->result == -EINTR);
}

}  // namespace
}  // namespace kontain::vcpu
