// A short, repeatable stand-in for the fuzzer in every build: mutations of real ELF heads, always the same ones.
#include <catch2/catch.hpp>
#include <random>

#include "tests/fuzz/elf_case.h"
#include "tests/fuzz/seeds.h"

using namespace kontain;

namespace {

using Bytes = std::vector<std::byte>;

// Values that sit on the edges of the rules.
constexpr uint64_t kEdges[] = {0,
                               1,
                               2,
                               0xfff,
                               0x1000,
                               0xffff,
                               0x10000,
                               0x7fffffff,
                               0xffffffff,
                               0x5555'4000'0000,
                               0x5565'4000'0000,
                               0x6f00'0000'0000,
                               0x7fff'ffff'f000,
                               uint64_t{1} << 63,
                               ~uint64_t{0}};

class Mutator {
 public:
  explicit Mutator(uint64_t seed) : random_(seed) {}

  uint64_t below(uint64_t limit) { return random_() % limit; }

  Bytes mutate(Bytes file) {
    for (uint64_t count = 1 + below(4); count > 0 && !file.empty(); --count) change(file);
    return file;
  }

 private:
  void change(Bytes& file) {
    // Nearly always among the headers: that is what the parser reads.
    const uint64_t reach = below(8) == 0 ? file.size() : std::min<uint64_t>(file.size(), 64 + 56 * 14);
    const uint64_t at = below(reach);
    switch (below(5)) {
      case 0: file[at] ^= std::byte(1 << below(8)); break;
      case 1: file[at] = std::byte(below(256)); break;
      case 2: put(file, at & ~uint64_t{7}, kEdges[below(std::size(kEdges))], 8); break;
      case 3: put(file, at & ~uint64_t{3}, below(16), 4); break;
      case 4: below(8) == 0 ? file.resize(below(file.size() + 1)) : put(file, at & ~uint64_t{7}, below(1 << 24), 8);
    }
  }
  void put(Bytes& file, uint64_t at, uint64_t value, size_t size) {
    for (size_t i = 0; i < size && at + i < file.size(); ++i) file[at + i] = std::byte(value >> 8 * i & 0xff);
  }

  std::mt19937_64 random_;
};

}  // namespace

TEST_CASE("20000 mutations of ELF files break no promise") {
  const std::vector<Bytes> seeds = test::elf_seeds();
  // /bin/ls and the like must be there, or the mutations start from built files only.
  REQUIRE(seeds.size() >= 6);
  Mutator mutator(20000);
  int accepted = 0;
  for (int round = 0; round < 20000; ++round) {
    accepted += test::run_elf_case(mutator.mutate(seeds[mutator.below(seeds.size())]));
  }
  // Enough mutations are still programs to reach the plan, and enough are not to reach the refusals.
  CHECK(accepted > 2000);
  CHECK(accepted < 18000);
}

TEST_CASE("the seeds themselves are accepted") {
  const std::vector<Bytes> seeds = test::elf_seeds();
  for (size_t i = 0; i < seeds.size(); ++i) {
    INFO("seed " << i);
    CHECK(test::run_elf_case(seeds[i]) == (seeds[i] != test::script()));
  }
}
