#include "km/mem/copy.h"

#include <sys/mman.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <cstring>

#include "tests/unit/mem/fake_slots.h"

using namespace kontain::mem;

namespace {

constexpr uint64_t kPlace = kHighStart + (128ull << 30);

// Two pages at kPlace, of which the second is inaccessible.
struct PageAndHole {
  PageAndHole() {
    install_fault_fixup();
    void* at = reinterpret_cast<void*>(kPlace);
    REQUIRE(mmap(at, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == at);
  }
  ~PageAndHole() { reserve_range(kPlace, kPlace + 4096); }
};

}  // namespace

TEST_CASE("copy: a fault at any byte is an answer") {
  NEEDS_RANGES();
  const PageAndHole place;
  char buffer[64];
  std::memset(buffer, 'x', sizeof buffer);
  for (uint64_t over = 0; over < sizeof buffer; ++over) {
    const uint64_t at = kPlace + 4096 - sizeof buffer + over;
    CHECK(copy_out(at, buffer, sizeof buffer) == (over == 0));
    CHECK(copy_in(buffer, at, sizeof buffer) == (over == 0));
    CHECK(clear_out(at, sizeof buffer) == (over == 0));
  }
}

TEST_CASE("copy: monitor memory, the gap and wrapping ranges are refused") {
  NEEDS_RANGES();
  const PageAndHole place;
  char mine[8] = "monitor";
  char other[8] = {};
  CHECK_FALSE(copy_in(other, reinterpret_cast<uint64_t>(mine), 8));
  CHECK_FALSE(copy_out(reinterpret_cast<uint64_t>(mine), other, 8));
  CHECK(std::strcmp(mine, "monitor") == 0);
  CHECK_FALSE(copy_in(other, ~0ull - 3, 8));
  CHECK_FALSE(copy_in(other, kLowEnd - 4, 8));
  CHECK(copy_in(other, 0, 0));
}

TEST_CASE("copy: strings end at their NUL, at the limit, or at a fault") {
  NEEDS_RANGES();
  const PageAndHole place;
  REQUIRE(copy_out(kPlace + 4090, "abcde", 6));
  CHECK(load_string(GuestPtr<const char>(kPlace + 4090), 4096).value() == "abcde");
  REQUIRE(copy_out(kPlace + 4090, "abcdef", 6));
  CHECK(load_string(GuestPtr<const char>(kPlace + 4090), 4096).error() == Errno{EFAULT});
  CHECK(load_string(GuestPtr<const char>(kPlace + 4090), 6).error() == Errno{ENAMETOOLONG});
}

TEST_CASE("copy: iovecs are bounded and checked") {
  NEEDS_RANGES();
  const PageAndHole place;
  iovec vectors[2] = {{reinterpret_cast<void*>(kPlace), 10}, {vectors, 0}};
  REQUIRE(copy_out(kPlace + 100, vectors, sizeof vectors));
  const GuestPtr<const iovec> source(kPlace + 100);
  CHECK(load_iovecs(source, 2).value().size() == 2);
  CHECK(load_iovecs(source, 1025).error() == Errno{EINVAL});
  vectors[1].iov_len = 1;  // our own memory
  REQUIRE(copy_out(kPlace + 100, vectors, sizeof vectors));
  CHECK(load_iovecs(source, 2).error() == Errno{EFAULT});
  vectors[1].iov_len = ~size_t{0};
  REQUIRE(copy_out(kPlace + 100, vectors, sizeof vectors));
  CHECK(load_iovecs(source, 2).error() == Errno{EINVAL});
}
