#include "km/load/initial_stack.h"

#include <elf.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>

#include "base/abi/auxv.h"
#include "base/checked.h"
#include "base/error.h"

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51  // glibc before 2.34
#endif

namespace kontain::load {
namespace {

constexpr uint64_t kWord = 8;
constexpr uint64_t kTail = 8;                         // the zero bytes at the very top
constexpr uint64_t kMinimumBudget = 128 * 1024;       // ARG_MAX
constexpr uint64_t kMaximumBudget = 6 * 1024 * 1024;  // three quarters of _STK_LIM
constexpr uint64_t kClockTicks = 100;                 // USER_HZ, part of the x86 ABI

uint64_t bytes_of(const std::vector<std::string>& strings) {
  uint64_t sum = 0;
  for (const std::string& text : strings) sum += text.size() + 1;
  return sum;
}

bool any_too_long(const std::vector<std::string>& strings) {
  return std::any_of(strings.begin(), strings.end(),
                     [](const std::string& text) { return text.size() + 1 > kMaximumString; });
}

// fs/exec.c: bprm_stack_limits and copy_strings. The pointers count against the same budget.
bool fits(const StackInput& input) {
  const std::vector<std::string>&arguments = input.arguments, &environment = input.environment;
  if (any_too_long(arguments) || any_too_long(environment)) return false;
  const uint64_t budget = std::max(std::min(input.stack_limit / 4, kMaximumBudget), kMinimumBudget);
  const uint64_t pointers = (arguments.size() + environment.size()) * kWord;
  const uint64_t strings = input.executable_name.size() + 1 + bytes_of(arguments) + bytes_of(environment);
  return pointers < budget && strings <= budget - pointers;
}

struct AuxiliaryEntry {
  uint64_t type;
  uint64_t value;
};

struct StringPlaces {
  uint64_t random;
  uint64_t platform;
  uint64_t executable_name;
};

std::vector<AuxiliaryEntry> auxiliary_vector(const AuxiliaryValues& values, const StringPlaces& places) {
  std::vector<AuxiliaryEntry> entries;
  if (values.vdso) entries.push_back({AT_SYSINFO_EHDR, *values.vdso});
  const AuxiliaryEntry rest[] = {
      {AT_MINSIGSTKSZ, values.minimum_signal_stack},
      {AT_HWCAP, values.hwcap},
      {AT_PAGESZ, kPageSize},
      {AT_CLKTCK, kClockTicks},
      {AT_PHDR, values.program_headers},
      {AT_PHENT, sizeof(Elf64_Phdr)},
      {AT_PHNUM, values.program_header_count},
      {AT_BASE, values.interpreter_base},
      {AT_FLAGS, 0},
      {AT_ENTRY, values.entry},
      {AT_UID, values.uid},
      {AT_EUID, values.euid},
      {AT_GID, values.gid},
      {AT_EGID, values.egid},
      {AT_SECURE, values.secure},
      {AT_RANDOM, places.random},
      {AT_HWCAP2, values.hwcap2},
      {AT_EXECFN, places.executable_name},
      {AT_PLATFORM, places.platform},
  };
  entries.insert(entries.end(), std::begin(rest), std::end(rest));
  if (values.syscall_entry) entries.push_back({abi::kAuxSyscallEntry, *values.syscall_entry});
  if (!values.syscall_entry && values.keeps_place_of_syscall_entry) entries.push_back({AT_IGNORE, 0});
  entries.push_back({AT_NULL, 0});
  return entries;
}

// Writes upwards into the bytes of [start, top).
class Writer {
 public:
  Writer(uint64_t start, uint64_t top) : start_(start), next_(start), bytes_(top - start) {}

  void move_to(uint64_t address) { next_ = address; }
  void word(uint64_t value) { put(std::as_bytes(std::span(&value, 1))); }
  void string(const std::string& text) { put(std::as_bytes(std::span(text.c_str(), text.size() + 1))); }
  void put(std::span<const std::byte> from) {
    KONTAIN_CHECK(next_ >= start_ && from.size() <= bytes_.size() - (next_ - start_));
    std::memcpy(bytes_.data() + (next_ - start_), from.data(), from.size());
    next_ += from.size();
  }
  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  uint64_t start_;
  uint64_t next_;
  std::vector<std::byte> bytes_;
};

// The pointers to a run of strings that starts at `address`, and the NULL behind them.
void write_pointers(Writer& writer, const std::vector<std::string>& strings, uint64_t address) {
  for (const std::string& text : strings) {
    writer.word(address);
    address += text.size() + 1;
  }
  writer.word(0);
}

struct Layout {
  InitialStack stack;  // without its bytes
  StringPlaces places;
};

Layout lay_out(const StackInput& input) {
  Layout layout{};
  InitialStack& stack = layout.stack;
  StringPlaces& places = layout.places;
  places.executable_name = input.top - kTail - (input.executable_name.size() + 1);
  stack.environment_end = places.executable_name;
  stack.argument_end = stack.environment_end - bytes_of(input.environment);
  stack.argument_start = stack.argument_end - bytes_of(input.arguments);
  places.platform = align_down(stack.argument_start - input.skip, 16) - (input.platform.size() + 1);
  places.random = places.platform - input.random.size();

  const uint64_t entries = auxiliary_vector(input.auxiliary, places).size();
  const uint64_t pointers = 1 + input.arguments.size() + 1 + input.environment.size() + 1;
  stack.auxiliary_size = entries * sizeof(AuxiliaryEntry);
  stack.stack_pointer = align_down(places.random - pointers * kWord - stack.auxiliary_size, 16);
  stack.auxiliary_start = stack.stack_pointer + pointers * kWord;
  return layout;
}

InitialStack write_out(const StackInput& input, Layout layout) {
  InitialStack& stack = layout.stack;
  const StringPlaces& places = layout.places;
  Writer writer(stack.stack_pointer, input.top);
  writer.word(input.arguments.size());
  write_pointers(writer, input.arguments, stack.argument_start);
  write_pointers(writer, input.environment, stack.argument_end);
  const std::vector<AuxiliaryEntry> auxiliary = auxiliary_vector(input.auxiliary, places);
  writer.put(std::as_bytes(std::span(auxiliary)));
  writer.move_to(places.random);
  writer.put(input.random);
  writer.string(input.platform);
  writer.move_to(stack.argument_start);
  for (const std::string& text : input.arguments) writer.string(text);
  for (const std::string& text : input.environment) writer.string(text);
  writer.string(input.executable_name);
  stack.bytes = writer.take();
  return std::move(stack);
}

// Linux gives a program without any argument an empty first one (since 5.18).
StackInput with_empty_argument(StackInput input) {
  input.arguments.emplace_back();
  return input;
}

}  // namespace

mem::GuestResult<InitialStack> build_initial_stack(const StackInput& input) {
  if (input.arguments.empty()) return build_initial_stack(with_empty_argument(input));
  if (!fits(input)) return tl::make_unexpected(mem::Errno{E2BIG});
  return write_out(input, lay_out(input));
}

mem::GuestResult<uint64_t> measure_initial_stack(const StackInput& input) {
  if (input.arguments.empty()) return measure_initial_stack(with_empty_argument(input));
  if (!fits(input)) return tl::make_unexpected(mem::Errno{E2BIG});
  return input.top - lay_out(input).stack.stack_pointer;
}

}  // namespace kontain::load
