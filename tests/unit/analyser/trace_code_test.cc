#include "linker/analyser/trace_code.h"

#include <catch2/catch.hpp>

namespace kontain::analyser {
namespace {

using Code = std::vector<uint8_t>;

constexpr uint64_t kAddress = 0x1000;

CallNumbers trace(const Code& code, const FindWrapper& find = [](uint64_t) { return std::nullopt; }) {
  return trace_calls(code, kAddress, find);
}

// A wrapper at one address that takes the number in the register (7 is RDI) or on the stack.
FindWrapper wrapper_at(uint64_t address, const Parameter& parameter) {
  return [=](uint64_t target) { return target == address ? std::optional(parameter) : std::nullopt; };
}

}  // namespace

TEST_CASE("a number moved into EAX reaches the call") {
  CHECK(trace({0xb8, 39, 0, 0, 0, 0x0f, 0x05, 0xc3}).numbers == std::vector<int64_t>{39});
}

TEST_CASE("numbers come through other registers, the low byte, the stack and a push") {
  // mov $60,%edx; mov %edx,%eax; syscall
  CHECK(trace({0xba, 60, 0, 0, 0, 0x89, 0xd0, 0x0f, 0x05}).numbers == std::vector<int64_t>{60});
  // xor %eax,%eax; mov $56,%al; syscall
  CHECK(trace({0x31, 0xc0, 0xb0, 56, 0x0f, 0x05}).numbers == std::vector<int64_t>{56});
  // movl $7,-8(%rsp); mov -8(%rsp),%eax; syscall
  CHECK(trace({0xc7, 0x44, 0x24, 0xf8, 7, 0, 0, 0, 0x8b, 0x44, 0x24, 0xf8, 0x0f, 0x05}).numbers ==
        std::vector<int64_t>{7});
  // push $11; pop %rax; syscall
  CHECK(trace({0x6a, 11, 0x58, 0x0f, 0x05}).numbers == std::vector<int64_t>{11});
}

TEST_CASE("every path counts") {
  // test %edi,%edi; je 1f; mov $1,%eax; jmp 2f; 1: mov $2,%eax; 2: syscall
  const Code code = {0x85, 0xff, 0x74, 7, 0xb8, 1, 0, 0, 0, 0xeb, 5, 0xb8, 2, 0, 0, 0, 0x0f, 0x05};
  const CallNumbers found = trace(code);
  CHECK(found.numbers == std::vector<int64_t>{1, 2});
  CHECK_FALSE(found.unknown);
}

TEST_CASE("a number from memory is unknown, one from the caller is a parameter") {
  // mov (%rdi),%eax; syscall
  CHECK(trace({0x8b, 0x07, 0x0f, 0x05}).unknown);
  // mov %rdi,%rax; syscall
  const CallNumbers found = trace({0x48, 0x89, 0xf8, 0x0f, 0x05});
  CHECK_FALSE(found.unknown);
  REQUIRE(found.parameter);
  CHECK(*found.parameter == Parameter{Value::Kind::Register, 7, {}});
  // mov 8(%rsp),%rax; syscall
  const CallNumbers stacked = trace({0x48, 0x8b, 0x44, 0x24, 8, 0x0f, 0x05});
  REQUIRE(stacked.parameter);
  CHECK(*stacked.parameter == Parameter{Value::Kind::Argument, 8, {}});
}

TEST_CASE("the caller of a wrapper decides") {
  // mov $12,%edi; call 0x2000
  Code code = {0xbf, 12, 0, 0, 0, 0xe8, 0xf6, 0x0f, 0, 0};
  CHECK(trace(code, wrapper_at(0x2000, {Value::Kind::Register, 7, {}})).numbers == std::vector<int64_t>{12});
  // push $13; call 0x2000
  code = {0x6a, 13, 0xe8, 0xf9, 0x0f, 0, 0};
  CHECK(trace(code, wrapper_at(0x2000, {Value::Kind::Argument, 8, {}})).numbers == std::vector<int64_t>{13});
  // mov $14,%edi; jmp 0x2000: a tail call
  code = {0xbf, 14, 0, 0, 0, 0xe9, 0xf6, 0x0f, 0, 0};
  CHECK(trace(code, wrapper_at(0x2000, {Value::Kind::Register, 7, {}})).numbers == std::vector<int64_t>{14});
}

TEST_CASE("a call loses what the ABI lets it change") {
  // mov $1,%eax; call 0x2000; syscall
  CHECK(trace({0xb8, 1, 0, 0, 0, 0xe8, 0xf6, 0x0f, 0, 0, 0x0f, 0x05}).unknown);
  // mov $1,%ebx; call 0x2000; mov %ebx,%eax; syscall
  CHECK(trace({0xbb, 1, 0, 0, 0, 0xe8, 0xf6, 0x0f, 0, 0, 0x89, 0xd8, 0x0f, 0x05}).numbers == std::vector<int64_t>{1});
}

TEST_CASE("padding leads nowhere, a loop that counts ends") {
  // mov $5,%ebx; jmp 1f; nop; 1: mov %ebx,%eax; syscall
  const CallNumbers found = trace({0xbb, 5, 0, 0, 0, 0xeb, 1, 0x90, 0x89, 0xd8, 0x0f, 0x05});
  CHECK(found.numbers == std::vector<int64_t>{5});
  CHECK_FALSE(found.unknown);
  // xor %ebx,%ebx; 1: inc by lea 1(%rbx),%ebx; mov %ebx,%eax; syscall; jmp 1b
  CHECK(trace({0x31, 0xdb, 0x8d, 0x5b, 1, 0x89, 0xd8, 0x0f, 0x05, 0xeb, 0xf7}).unknown);
}

TEST_CASE("the 32-bit gates are seen") {
  CHECK(trace({0xcd, 0x80}).legacy);
  CHECK(trace({0x0f, 0x34}).legacy);
  CHECK_FALSE(trace({0xcd, 0x03}).legacy);
}

TEST_CASE("bytes that are no code give an answer") {
  uint32_t seed = 1;
  for (int round = 0; round < 200; ++round) {
    Code code(257);
    for (uint8_t& byte : code) byte = static_cast<uint8_t>((seed = seed * 1664525 + 1013904223) >> 24);
    code.insert(code.end(), {0x0f, 0x05});
    trace(code, wrapper_at(0x1080, {Value::Kind::Argument, 8, {}}));
  }
  CHECK(trace({}).numbers.empty());
}

}  // namespace kontain::analyser
