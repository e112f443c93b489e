#include "base/abi/syscalls.h"

#include <algorithm>
#include <cerrno>

namespace kontain::abi {
namespace {

using enum ArgKind;

constexpr SyscallRow kRows[] = {
#define ARGS(...) {__VA_ARGS__}
#define SYSCALL_FULL(number, name, classes, args) SyscallRow{number, #name, Support::Full, 0, classes, "", {args}},
#define SYSCALL_PARTIAL(number, name, classes, limit, args) \
  SyscallRow{number, #name, Support::Partial, 0, classes, limit, {args}},
#define SYSCALL_REFUSED(number, name, error, reason, args) \
  SyscallRow{number, #name, Support::Refused, error, 0, reason, {args}},
#include "base/abi/syscalls.def"
#undef SYSCALL_FULL
#undef SYSCALL_PARTIAL
#undef SYSCALL_REFUSED
#undef ARGS
};

constexpr uint16_t kNoRow = 0xffff;

// kIndex[number] is the position of its row. An unordered or repeated number does not compile.
constexpr std::array<uint16_t, kSyscallLimit> make_index() {
  std::array<uint16_t, kSyscallLimit> index{};
  index.fill(kNoRow);
  for (size_t i = 0; i < std::size(kRows); ++i) {
    if (i > 0 && kRows[i].number <= kRows[i - 1].number) throw "syscalls.def is not ordered by number";
    index[kRows[i].number] = static_cast<uint16_t>(i);
  }
  return index;
}

constexpr std::array<uint16_t, kSyscallLimit> kIndex = make_index();

}  // namespace

std::span<const SyscallRow> syscall_table() { return kRows; }

const SyscallRow* find_syscall(uint64_t number) {
  if (number >= kSyscallLimit || kIndex[number] == kNoRow) return nullptr;
  return &kRows[kIndex[number]];
}

const SyscallRow* find_syscall(std::string_view name) {
  const auto* row = std::ranges::find(kRows, name, &SyscallRow::name);
  return row == std::end(kRows) ? nullptr : row;
}

std::string_view support_name(Support support) {
  switch (support) {
    case Support::Full: return "full";
    case Support::Partial: return "partial";
    case Support::Refused: return "refused";
  }
  return "";
}

}  // namespace kontain::abi
