// A short, repeatable stand-in for the fuzzer of the analyser: mutations of small ELF files, always the same ones.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "tests/fuzz/analyser_case.h"
#include "tests/fuzz/analyser_seeds.h"

using namespace kontain;

namespace {

using Bytes = std::vector<std::byte>;

void put(Bytes& file, uint64_t at, uint64_t value, size_t size) {
  for (size_t i = 0; i < size && at + i < file.size(); ++i) file[at + i] = std::byte(value >> 8 * i & 0xff);
}

// Headers, dynamic tables and section headers are words; code and names are bytes.
void change(Bytes& file, std::mt19937_64& random) {
  const uint64_t kinds[] = {0, 1, 0xffff, 0xffffffff, 0x400000, file.size(), uint64_t{1} << 63, ~uint64_t{0}};
  const uint64_t reach = random() % 2 == 0 ? std::min<uint64_t>(file.size(), 1024) : file.size();
  const uint64_t at = random() % reach;
  switch (random() % 5) {
    case 0: file[at] = std::byte(random() & 0xff); break;
    case 1: put(file, at & ~uint64_t{7}, kinds[random() % std::size(kinds)], 8); break;
    case 2: put(file, at & ~uint64_t{7}, random() % (2 * file.size()), 8); break;
    case 3: put(file, at & ~uint64_t{3}, random() % 64, 4); break;
    default: put(file, at & ~uint64_t{7}, random(), 8);
  }
  if (random() % 64 == 0) file.resize(1 + random() % file.size());
}

}  // namespace

TEST_CASE("2000 mutations of ELF files break no promise of the analyser") {
  const std::vector<Bytes> seeds = test::analyser_seeds();
  REQUIRE(seeds.size() >= 3);
  std::mt19937_64 random(2000);
  int read = 0;
  for (int round = 0; round < 2000; ++round) {
    Bytes file = seeds[random() % seeds.size()];
    for (uint64_t count = 1 + random() % 6; count > 0; --count) change(file, random);
    read += test::run_analyser_case(file);
  }
  // Enough are still ELF files, and enough are not.
  CHECK(read > 500);
  CHECK(read < 1900);
}

TEST_CASE("the analyser's seeds are read") {
  for (const Bytes& seed : test::analyser_seeds()) CHECK(test::run_analyser_case(seed));
}
