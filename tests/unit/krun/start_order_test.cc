#include "base/abi/start_order.h"

#include <catch2/catch.hpp>

namespace kontain::abi {
namespace {

StartOrder example() {
  StartOrder order;
  order.kvm_fd = 5;
  order.self_fd = 6;
  order.starter_fd = 7;
  order.program = "/bin/sh";
  order.arguments = {"sh", "", "-c"};
  order.environment = {"A=\xff", "B="};
  order.annotations = {{"app.kontain.trace", "a=b"}};
  order.seccomp_filters = {std::string(16, '\0')};
  order.seccomp_flags = 2;
  return order;
}

TEST_CASE("a start order survives its file") {
  const auto copy = decode_start_order(encode_start_order(example()));
  REQUIRE(copy);
  CHECK(copy->kvm_fd == 5);
  CHECK(copy->self_fd == 6);
  CHECK(copy->registry_fd == -1);
  CHECK(copy->starter_fd == 7);
  CHECK(copy->arguments == example().arguments);
  CHECK(copy->environment == example().environment);
  CHECK(copy->annotations == example().annotations);
  CHECK(copy->seccomp_filters == example().seccomp_filters);
  CHECK(copy->seccomp_flags == 2);
}

TEST_CASE("bytes that are no start order are none") {
  const std::string whole = encode_start_order(example());
  const std::string empty = encode_start_order({});
  for (size_t size = 0; size < whole.size(); ++size) {
    const auto decoded = decode_start_order(whole.substr(0, size));
    // A cut between two records is a shorter order; nothing else is one.
    if (decoded) CHECK(encode_start_order(*decoded).size() <= whole.size());
  }
  CHECK_FALSE(decode_start_order(""));
  CHECK_FALSE(decode_start_order("Kontain start 2\n"));
  CHECK_FALSE(decode_start_order(empty + "?"));
  CHECK_FALSE(decode_start_order(empty + std::string("a\xff\xff\xff\xff\xff\xff\xff\xff", 9)));
  CHECK_FALSE(decode_start_order(empty + std::string("k\2\0\0\0\0\0\0\0-1", 11)));
  CHECK_FALSE(decode_start_order(empty + std::string("f\3\0\0\0\0\0\0\0abc", 12)));
}

}  // namespace
}  // namespace kontain::abi
