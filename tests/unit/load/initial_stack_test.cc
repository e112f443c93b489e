#include "km/load/initial_stack.h"

#include <elf.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>

#include "base/abi/auxv.h"
#include "base/checked.h"

using namespace kontain;
using namespace kontain::load;

namespace {

constexpr uint64_t kTop = 0x6eff'ffff'f000;

StackInput usual_input() {
  StackInput input;
  input.arguments = {"/bin/hello", "one", ""};
  input.environment = {"HOME=/root", "EMPTY="};
  input.executable_name = "/bin/hello";
  for (size_t i = 0; i < input.random.size(); ++i) input.random[i] = std::byte(0xa0 + i);
  input.auxiliary = {.vdso = 0x7000'0000'0000,
                     .minimum_signal_stack = 3376,
                     .hwcap = 0x178bfbff,
                     .hwcap2 = 2,
                     .program_headers = 0x400040,
                     .program_header_count = 7,
                     .interpreter_base = 0x6e00'0000'0000,
                     .entry = 0x401000,
                     .uid = 1,
                     .euid = 2,
                     .gid = 3,
                     .egid = 4,
                     .secure = 0};
  input.top = kTop;
  return input;
}

struct View {
  InitialStack stack;
  uint64_t top;

  uint64_t word(uint64_t address) const {
    uint64_t value = 0;
    REQUIRE(address >= stack.stack_pointer);
    REQUIRE(address + 8 <= top);
    std::memcpy(&value, stack.bytes.data() + (address - stack.stack_pointer), 8);
    return value;
  }
  std::string string(uint64_t address) const {
    REQUIRE(address >= stack.stack_pointer);
    REQUIRE(address < top);
    return reinterpret_cast<const char*>(stack.bytes.data() + (address - stack.stack_pointer));
  }
  std::vector<std::pair<uint64_t, uint64_t>> auxiliary() const {
    std::vector<std::pair<uint64_t, uint64_t>> entries;
    for (uint64_t at = stack.auxiliary_start; at < stack.auxiliary_start + stack.auxiliary_size; at += 16) {
      entries.emplace_back(word(at), word(at + 8));
    }
    return entries;
  }
};

View built(const StackInput& input) {
  auto stack = build_initial_stack(input);
  REQUIRE(stack);
  CHECK(stack->stack_pointer + stack->bytes.size() == input.top);
  CHECK(stack->stack_pointer % 16 == 0);
  CHECK(measure_initial_stack(input) == stack->bytes.size());
  return {*stack, input.top};
}

bool too_big(const StackInput& input) {
  const auto stack = build_initial_stack(input);
  CHECK(measure_initial_stack(input).has_value() == stack.has_value());
  return !stack && stack.error().value == E2BIG;
}

std::vector<std::string> strings_of(const char* path) {
  std::ifstream stream(path, std::ios::binary);
  std::vector<std::string> strings;
  for (std::string text; std::getline(stream, text, '\0');) strings.push_back(text);
  return strings;
}

// The end of the [stack] mapping of this process.
uint64_t native_stack_top() {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find("[stack]") != line.npos) return std::stoull(line.substr(line.find('-') + 1), nullptr, 16);
  }
  return 0;
}

}  // namespace

TEST_CASE("the stack starts with argc, argv and the environment") {
  const View view = built(usual_input());
  uint64_t at = view.stack.stack_pointer;
  CHECK(view.word(at) == 3);
  CHECK(view.string(view.word(at + 8)) == "/bin/hello");
  CHECK(view.string(view.word(at + 16)) == "one");
  CHECK(view.string(view.word(at + 24)).empty());
  CHECK(view.word(at + 32) == 0);
  CHECK(view.string(view.word(at + 40)) == "HOME=/root");
  CHECK(view.string(view.word(at + 48)) == "EMPTY=");
  CHECK(view.word(at + 56) == 0);
  CHECK(view.stack.auxiliary_start == at + 64);
}

TEST_CASE("strings are one run: arguments, environment, execfn, eight zero bytes") {
  const View view = built(usual_input());
  const std::string run("/bin/hello\0one\0\0HOME=/root\0EMPTY=\0/bin/hello\0\0\0\0\0\0\0\0\0", 53);
  const auto* end = reinterpret_cast<const char*>(view.stack.bytes.data() + view.stack.bytes.size());
  CHECK(std::string(end - run.size(), run.size()) == run);
  CHECK(view.stack.argument_start == kTop - run.size());
  CHECK(view.stack.argument_end == view.stack.argument_start + 16);
  CHECK(view.stack.environment_end == view.stack.argument_end + 18);
}

TEST_CASE("the auxiliary vector is complete and in Linux's order") {
  const View view = built(usual_input());
  const auto entries = view.auxiliary();
  const std::vector<std::pair<uint64_t, uint64_t>> head = {{AT_SYSINFO_EHDR, 0x7000'0000'0000},
                                                           {51, 3376},
                                                           {AT_HWCAP, 0x178bfbff},
                                                           {AT_PAGESZ, 4096},
                                                           {AT_CLKTCK, 100},
                                                           {AT_PHDR, 0x400040},
                                                           {AT_PHENT, 56},
                                                           {AT_PHNUM, 7},
                                                           {AT_BASE, 0x6e00'0000'0000},
                                                           {AT_FLAGS, 0},
                                                           {AT_ENTRY, 0x401000},
                                                           {AT_UID, 1},
                                                           {AT_EUID, 2},
                                                           {AT_GID, 3},
                                                           {AT_EGID, 4},
                                                           {AT_SECURE, 0}};
  REQUIRE(entries.size() == head.size() + 5);
  CHECK(std::vector(entries.begin(), entries.begin() + 16) == head);
  CHECK(entries[16].first == AT_RANDOM);
  CHECK(view.word(entries[16].second) == 0xa7a6'a5a4'a3a2'a1a0);
  CHECK(entries[17] == std::pair<uint64_t, uint64_t>(AT_HWCAP2, 2));
  CHECK(entries[18].first == AT_EXECFN);
  CHECK(view.string(entries[18].second) == "/bin/hello");
  CHECK(entries[19].first == AT_PLATFORM);
  CHECK(view.string(entries[19].second) == "x86_64");
  CHECK(entries[20] == std::pair<uint64_t, uint64_t>(AT_NULL, 0));
}

TEST_CASE("without a vDSO its entry is left out") {
  StackInput input = usual_input();
  input.auxiliary.vdso.reset();
  CHECK(built(input).auxiliary().front().first == 51);
}

TEST_CASE("the monitor's entry for system calls comes last, when there is one") {
  StackInput input = usual_input();
  input.auxiliary.syscall_entry = 0x6f00'0000'0000;
  const auto entries = built(input).auxiliary();
  REQUIRE(entries.size() > 2);
  CHECK(entries[entries.size() - 2] == std::pair<uint64_t, uint64_t>(abi::kAuxSyscallEntry, 0x6f00'0000'0000));
}

TEST_CASE("the stack pointer is aligned whatever the counts and the gap") {
  StackInput input = usual_input();
  for (uint64_t extra = 0; extra < 4; ++extra) {
    input.environment.emplace_back("X=" + std::string(extra, 'x'));
    for (const uint64_t skip : {0u, 1u, 15u, 8191u}) {
      input.skip = skip;
      const View view = built(input);
      CHECK(view.auxiliary().back().first == AT_NULL);
    }
  }
}

TEST_CASE("a program without arguments gets an empty one") {
  StackInput input = usual_input();
  input.arguments.clear();
  const View view = built(input);
  CHECK(view.word(view.stack.stack_pointer) == 1);
  CHECK(view.string(view.word(view.stack.stack_pointer + 8)).empty());
}

TEST_CASE("a string may have 128 KiB with its NUL") {
  StackInput input = usual_input();
  input.arguments = {std::string(128 * 1024 - 1, 'a')};
  built(input);
  input.arguments = {std::string(128 * 1024, 'a')};
  CHECK(too_big(input));
  input.arguments = {"a"};
  input.environment = {std::string(128 * 1024, 'a')};
  CHECK(too_big(input));
}

TEST_CASE("strings and pointers together may have a quarter of the stack limit") {
  StackInput input = usual_input();
  input.environment.clear();
  input.executable_name = "x";      // 2 bytes
  input.stack_limit = 1024 * 1024;  // 256 KiB for all
  input.arguments = {std::string(100'000, 'a'), std::string(100'000, 'b'), ""};
  const uint64_t fixed = 2 + 2 * 100'001 + 3 * 8;
  input.arguments[2] = std::string(256 * 1024 - fixed - 1, 'c');
  built(input);
  input.arguments[2] += 'c';
  CHECK(too_big(input));
}

TEST_CASE("a small stack limit leaves 128 KiB, a large one gives 6 MiB") {
  StackInput input = usual_input();
  const std::string piece(99'991, 'a');  // 100 000 with its NUL and pointer
  input.environment.clear();
  input.arguments = {piece};
  input.stack_limit = 0;
  built(input);
  input.arguments.assign(2, piece);
  CHECK(too_big(input));
  input.stack_limit = ~uint64_t{0};
  input.arguments.assign(62, piece);
  built(input);
  input.arguments.assign(63, piece);
  CHECK(too_big(input));
}

// This process's own stack was made by Linux from the same inputs: the same bytes must come out.
TEST_CASE("the layout is the kernel's own") {
  const uint64_t top = native_stack_top();
  const auto* random = reinterpret_cast<const std::byte*>(getauxval(AT_RANDOM));
  const auto* platform = reinterpret_cast<const char*>(getauxval(AT_PLATFORM));
  const auto* name = reinterpret_cast<const char*>(getauxval(AT_EXECFN));
  REQUIRE((top != 0 && random && platform && name));

  StackInput input;
  input.arguments = strings_of("/proc/self/cmdline");
  input.environment = strings_of("/proc/self/environ");
  input.executable_name = name;
  std::memcpy(input.random.data(), random, input.random.size());
  input.platform = platform;
  input.top = top;
  const uint64_t argument_start = built(input).stack.argument_start;
  input.skip = argument_start - (reinterpret_cast<uint64_t>(platform) + input.platform.size() + 1);
  const View view = built(input);

  const uint64_t from = reinterpret_cast<uint64_t>(random);
  const size_t size = top - from;
  const std::byte* ours = view.stack.bytes.data() + (from - view.stack.stack_pointer);
  // SAFETY: [AT_RANDOM, end of [stack]) is mapped, readable memory of this process.
  CHECK(std::memcmp(ours, reinterpret_cast<const void*>(from), size) == 0);
}

TEST_CASE("the order of the auxiliary vector is the kernel's own") {
  std::ifstream stream("/proc/self/auxv", std::ios::binary);
  std::vector<uint64_t> native;
  constexpr uint64_t kRseqFeatureSize = 27, kRseqAlign = 28;
  for (uint64_t pair[2]; stream.read(reinterpret_cast<char*>(pair), sizeof pair);) {
    if (pair[0] != kRseqFeatureSize && pair[0] != kRseqAlign) native.push_back(pair[0]);
  }
  std::vector<uint64_t> ours;
  for (const auto& entry : built(usual_input()).auxiliary()) ours.push_back(entry.first);
  // Newer kernels may append entries of their own; none of ours may be missing or elsewhere.
  std::erase_if(native, [&](uint64_t type) { return std::find(ours.begin(), ours.end(), type) == ours.end(); });
  CHECK(native == ours);
}
