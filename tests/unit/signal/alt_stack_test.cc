#include "km/signal/alt_stack.h"

#include <signal.h>

#include <catch2/catch.hpp>
#include <cerrno>

namespace kontain::signal {
namespace {

TEST_CASE("an alternate stack is registered, described and removed") {
  task::AltStack stack;
  CHECK(describe_alt_stack(stack, 0x5000).flags == SS_DISABLE);
  CHECK(set_alt_stack(stack, {0x10000, 0, 7, 8192}, 0x5000) == 0);
  CHECK(describe_alt_stack(stack, 0x5000).flags == 0);
  CHECK(stack.padding == 0);
  CHECK(set_alt_stack(stack, {0x10000, 0, 0, 2047}, 0x5000) == ENOMEM);
  CHECK(set_alt_stack(stack, {0x10000, 64, 0, 8192}, 0x5000) == EINVAL);
  CHECK(stack.size == 8192);
  CHECK(set_alt_stack(stack, {1, SS_DISABLE, 0, 1}, 0x5000) == 0);
  CHECK(stack.size == 0);
}

TEST_CASE("a stack in use cannot be changed, unless it disarms itself") {
  task::AltStack stack;
  REQUIRE(set_alt_stack(stack, {0x10000, 0, 0, 8192}, 0x5000) == 0);
  CHECK(is_on_alt_stack(stack, 0x10000 + 8192));
  CHECK_FALSE(is_on_alt_stack(stack, 0x10000));
  CHECK(describe_alt_stack(stack, 0x11000).flags == SS_ONSTACK);
  CHECK(set_alt_stack(stack, {0, SS_DISABLE, 0, 0}, 0x11000) == EPERM);
  REQUIRE(set_alt_stack(stack, {0x10000, kAutoDisarm, 0, 8192}, 0x5000) == 0);
  CHECK(describe_alt_stack(stack, 0x11000).flags == kAutoDisarm);
  CHECK(set_alt_stack(stack, {0, SS_DISABLE, 0, 0}, 0x11000) == 0);
}

}  // namespace
}  // namespace kontain::signal
