#include "km/seccomp/filter.h"

#include <catch2/catch.hpp>
#include <cstddef>
#include <vector>

namespace kontain::seccomp {
namespace {

using Program = std::vector<sock_filter>;

seccomp_data call(int number, uint64_t first = 0) {
  seccomp_data data = {};
  data.nr = number;
  data.args[0] = first;
  return data;
}

uint32_t run(const Program& program, const seccomp_data& data) { return Filter::create(program).value().run(data); }

// Answers `answer` for call `number` and allows all others.
Program on(uint32_t number, uint32_t answer) {
  return {{BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
          {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, number},
          {BPF_RET | BPF_K, 0, 0, answer},
          {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
}

TEST_CASE("a filter answers by number and argument") {
  CHECK(run(on(39, SECCOMP_RET_ERRNO | 7), call(39)) == (SECCOMP_RET_ERRNO | 7));
  CHECK(run(on(39, SECCOMP_RET_ERRNO | 7), call(40)) == SECCOMP_RET_ALLOW);
  const Program argument = {{BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, args) + 4},
                            {BPF_RET | BPF_A, 0, 0, 0}};
  CHECK(run(argument, call(1, 0x1234'5678'9abc'def0)) == 0x12345678);
}

TEST_CASE("arithmetic, memory and registers") {
  const Program program = {{BPF_LD | BPF_IMM, 0, 0, 100},
                           {BPF_ST, 0, 0, 3},
                           {BPF_LDX | BPF_IMM, 0, 0, 7},
                           {BPF_ALU | BPF_DIV | BPF_X, 0, 0, 0},
                           {BPF_MISC | BPF_TAX, 0, 0, 0},
                           {BPF_LD | BPF_MEM, 0, 0, 3},
                           {BPF_ALU | BPF_SUB | BPF_X, 0, 0, 0},
                           {BPF_ALU | BPF_LSH | BPF_K, 0, 0, 2},
                           {BPF_ALU | BPF_XOR | BPF_K, 0, 0, 0xff},
                           {BPF_RET | BPF_A, 0, 0, 0}};
  CHECK(run(program, call(0)) == (((100u - 14) << 2) ^ 0xff));
  const Program by_zero = {
      {BPF_LD | BPF_IMM, 0, 0, 100}, {BPF_ALU | BPF_DIV | BPF_X, 0, 0, 0}, {BPF_RET | BPF_A, 0, 0, 0}};
  CHECK(run(by_zero, call(0)) == 0);
}

TEST_CASE("what the kernel refuses is refused") {
  const auto refused = [](const Program& program) { return !Filter::create(program); };
  CHECK(refused({}));
  CHECK(refused(Program(BPF_MAXINSNS + 1, {BPF_RET | BPF_K, 0, 0, 0})));
  CHECK(refused({{BPF_LD | BPF_IMM, 0, 0, 0}}));                                       // no end
  CHECK(refused({{BPF_JMP | BPF_JA, 0, 0, 1}, {BPF_RET | BPF_K, 0, 0, 0}}));           // beyond the end
  CHECK(refused({{BPF_JMP | BPF_JA, 0, 0, 0xffffffff}, {BPF_RET | BPF_K, 0, 0, 0}}));  // backwards
  CHECK(refused({{BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 0}, {BPF_RET | BPF_K, 0, 0, 0}}));  // the same
  CHECK(refused({{BPF_LD | BPF_W | BPF_ABS, 0, 0, sizeof(seccomp_data)}, {BPF_RET | BPF_K, 0, 0, 0}}));
  CHECK(refused({{BPF_LD | BPF_W | BPF_ABS, 0, 0, 2}, {BPF_RET | BPF_K, 0, 0, 0}}));  // unaligned
  CHECK(refused({{BPF_LD | BPF_B | BPF_ABS, 0, 0, 0}, {BPF_RET | BPF_K, 0, 0, 0}}));  // a byte
  CHECK(refused({{BPF_ST, 0, 0, BPF_MEMWORDS}, {BPF_RET | BPF_K, 0, 0, 0}}));
  CHECK(refused({{BPF_ALU | BPF_DIV | BPF_K, 0, 0, 0}, {BPF_RET | BPF_K, 0, 0, 0}}));
  CHECK(refused({{BPF_ALU | BPF_LSH | BPF_K, 0, 0, 32}, {BPF_RET | BPF_K, 0, 0, 0}}));
}

TEST_CASE("the most severe of all filters decides, the newest among equals") {
  const Chain* chain = nullptr;
  for (const uint32_t answer : {SECCOMP_RET_ERRNO | 1u, SECCOMP_RET_LOG | 0u, SECCOMP_RET_ERRNO | 2u}) {
    chain = extend(chain, *Filter::create(on(5, answer)));
  }
  CHECK(judge(*chain, call(5)) == (SECCOMP_RET_ERRNO | 2));
  CHECK(judge(*chain, call(6)) == SECCOMP_RET_ALLOW);
  chain = extend(chain, *Filter::create(on(5, SECCOMP_RET_KILL_PROCESS)));
  CHECK(judge(*chain, call(5)) == SECCOMP_RET_KILL_PROCESS);
}

TEST_CASE("a chain survives being written and read") {
  const Chain* chain =
      extend(extend(nullptr, *Filter::create(on(1, SECCOMP_RET_TRAP))), *Filter::create(on(2, SECCOMP_RET_ERRNO | 9)));
  const auto copy = decode(encode(chain));
  REQUIRE(copy);
  CHECK(judge(**copy, call(1)) == SECCOMP_RET_TRAP);
  CHECK(judge(**copy, call(2)) == (SECCOMP_RET_ERRNO | 9));
  CHECK(encode(nullptr).empty());
  CHECK(decode({}) == nullptr);
  CHECK_FALSE(decode({"seven b"}));
}

TEST_CASE("a chain cannot grow for ever") {
  const Filter large = *Filter::create(Program(BPF_MAXINSNS, {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}));
  const Chain* chain = nullptr;
  int links = 0;
  for (const Chain* next = extend(nullptr, large); next; next = extend(chain, large)) {
    chain = next;
    ++links;
  }
  CHECK(links == 7);
}

TEST_CASE("strict mode leaves four calls") {
  const Filter strict = strict_filter();
  for (const int number : {0, 1, 60, 15}) CHECK(strict.run(call(number)) == SECCOMP_RET_ALLOW);
  for (const int number : {2, 39, 231}) CHECK(strict.run(call(number)) == SECCOMP_RET_KILL_THREAD);
}

}  // namespace
}  // namespace kontain::seccomp
