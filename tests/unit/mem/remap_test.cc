// mremap(2) beyond what address_space_test.cc has: views kept, holes, files and several mappings.
#include <sys/mman.h>

#include <catch2/catch.hpp>
#include <cerrno>

#include "tests/unit/mem/space.h"

using namespace kontain;
using namespace kontain::mem;
using namespace kontain::mem::test;

namespace {

constexpr int kDontUnmap = 4;

int remap_error(Space& s, uint64_t old_address, uint64_t old_length, uint64_t new_length, int flags, uint64_t to = 0) {
  const auto result = s.memory.remap(old_address, old_length, new_length, flags, to);
  return result ? 0 : result.error().value;
}

}  // namespace

TEST_CASE("remap: an old size of 0 is a second view of shared memory, and nothing else") {
  NEEDS_RANGES();
  Space s;
  const uint64_t shared = s.map(2 * 4096, kReadWrite, MAP_SHARED | MAP_ANONYMOUS);
  word_at(shared) = 5;
  const uint64_t view = s.memory.remap(shared, 0, 2 * 4096, MREMAP_MAYMOVE, 0).value_or(0);
  REQUIRE(view != 0);
  CHECK(view != shared);
  CHECK(word_at(view) == 5);
  word_at(view + 4096) = 6;
  CHECK(word_at(shared + 4096) == 6);
  CHECK(remap_error(s, shared, 0, 4096, 0) == ENOMEM);
  CHECK(remap_error(s, s.map(4096), 0, 4096, MREMAP_MAYMOVE) == EINVAL);
  CHECK(s.consistent());
}

TEST_CASE("remap: MREMAP_DONTUNMAP leaves an empty mapping behind") {
  NEEDS_RANGES();
  Space s;
  const uint64_t at = s.map(2 * 4096);
  word_at(at) = 5;
  const uint64_t moved = s.memory.remap(at, 2 * 4096, 2 * 4096, MREMAP_MAYMOVE | kDontUnmap, 0).value_or(0);
  REQUIRE(moved != 0);
  CHECK(word_at(moved) == 5);
  CHECK(word_at(at) == 0);
  CHECK(s.tables.leaf(at) != 0);
  CHECK(remap_error(s, at, 4096, 8192, MREMAP_MAYMOVE | kDontUnmap) == EINVAL);
  CHECK(remap_error(s, at, 4096, 4096, kDontUnmap) == EINVAL);
  CHECK(s.consistent());
}

TEST_CASE("remap: more than one mapping, holes, and what is not there") {
  NEEDS_RANGES();
  Space s;
  const uint64_t at = s.map(4 * 4096);
  REQUIRE(s.memory.protect(at + 2 * 4096, 2 * 4096, PROT_READ));
  CHECK(remap_error(s, at, 4 * 4096, 8 * 4096, MREMAP_MAYMOVE) == EFAULT);
  CHECK(s.tables.leaf(at) != 0);
  CHECK(remap_error(s, at, 4 * 4096, 4096, 0) == 0);  // shrinking is unmapping
  CHECK_FALSE(s.memory.is_mapped(at + 4096, 4096));
  CHECK(remap_error(s, at + 4096, 4096, 4096, 0) == EFAULT);
  CHECK(remap_error(s, at, 4096, 0, 0) == EINVAL);
  CHECK(remap_error(s, at, 4096, 4096, 64) == EINVAL);
  CHECK(remap_error(s, at + 1, 4096, 4096, 0) == EINVAL);
  CHECK(remap_error(s, kGuestTop, 4096, 4096, 0) == EFAULT);
  CHECK(s.consistent());
}

TEST_CASE("remap: a moved part of a file shows the same part") {
  NEEDS_RANGES();
  Space s;
  const UniqueFd file = temporary_file(4 * 4096);
  const uint64_t at = s.memory.map({0, 4 * 4096, kReadWrite, MAP_SHARED, file.get(), 0}).value();
  for (int i = 0; i < 4; ++i) word_at(at + i * 4096ull) = i + 1;
  const uint64_t target = kHighStart + (2ull << 30);
  CHECK(remap_error(s, at + 4096, 2 * 4096, 2 * 4096, MREMAP_MAYMOVE | MREMAP_FIXED, target) == 0);
  CHECK(word_at(target) == 2);
  CHECK(word_at(target + 4096) == 3);
  CHECK(s.tables.leaf(at + 4096) == 0);
  std::vector<MappingView> views;
  s.memory.for_each_mapping([&](const MappingView& view) { views.push_back(view); });
  REQUIRE(views.size() == 3);
  CHECK(views[0].offset == 4096);
  CHECK(views[1].offset == 0);
  CHECK(views[2].offset == 3 * 4096);
  for (const MappingView& view : views) CHECK(view.name == "/memfd:test (deleted)");
  CHECK(s.consistent());
}

TEST_CASE("remap: growing in place works where our tree has merged what the host has not") {
  NEEDS_RANGES();
  Space s;
  const uint64_t low = kHighStart + (1ull << 30);
  // The second half has been elsewhere: to the host it never merges with the first.
  s.map(4096, kReadWrite, kAnonymous | MAP_FIXED, low);
  word_at(low) = 1;
  const uint64_t other = s.map(4096);
  word_at(other) = 2;
  REQUIRE(remap_error(s, other, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, low + 4096) == 0);
  CHECK(s.memory.remap(low, 2 * 4096, 6 * 4096, 0, 0).value_or(0) == low);
  CHECK(word_at(low) == 1);
  CHECK(word_at(low + 4096) == 2);
  word_at(low + 5 * 4096) = 3;
  CHECK(s.consistent());
}
