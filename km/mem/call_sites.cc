#include "km/mem/call_sites.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace kontain::mem {
namespace {

// `nopw 0(%rax,%rax,1)` and its longer forms, whose prefixes stand before: assemblers pad with them (Intel's
// optimisation manual, 3.5.1.9). What follows its first three bytes may be anything.
constexpr std::array<std::byte, 8> kLongNop = {std::byte{0x0f}, std::byte{0x1f}, std::byte{0x84}};
constexpr size_t kNopOperand = 3;
constexpr std::array<std::byte, 7> kShortNop = {std::byte{0x0f}, std::byte{0x1f}, std::byte{0x80}};
// In these there is room for a jump of two bytes: `nopl 0(%rax,%rax,1)` and `nopl 0(%rax)`.
constexpr std::array<std::byte, 5> kStoneNop = {std::byte{0x0f}, std::byte{0x1f}, std::byte{0x44}};
constexpr std::array<std::byte, 4> kShortStoneNop = {std::byte{0x0f}, std::byte{0x1f}, std::byte{0x40}};
// Go's linker pads with breakpoints. So many in a row are no instruction's constant; the first four might be.
constexpr std::byte kBreakpoint{0xcc};
constexpr size_t kBreakpointRun = 9;
constexpr size_t kPaddingKept = 16;

template <class T>
std::optional<T> distance(uint64_t from, uint64_t to) {
  const auto way = static_cast<int64_t>(to - from);
  if (way < std::numeric_limits<T>::min() || way > std::numeric_limits<T>::max()) return std::nullopt;
  return static_cast<T>(way);
}

template <class T>
void put(std::byte* where, T value) {
  std::memcpy(where, &value, sizeof value);
}

template <size_t N>
bool begins_with(std::span<const std::byte> text, const std::array<std::byte, N>& bytes) {
  return text.size() >= N && std::equal(bytes.begin(), bytes.end(), text.begin());
}

// A byte that would make the jump that comes behind it another one.
bool may_be_prefix(std::byte byte) {
  constexpr uint8_t kPrefixes[] = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3};
  const auto value = std::to_integer<uint8_t>(byte);
  return (value & 0xf0) == 0x40 || std::ranges::find(kPrefixes, value) != std::end(kPrefixes);
}

// Whether there is one at `at`, as an offset.
std::optional<Hole> hole_at(std::span<const std::byte> text, size_t at) {
  const auto rest = text.subspan(at);
  if (begins_with(rest, kLongNop)) return Hole{at + kNopOperand, kHoleJumpSize, false};
  if (begins_with(rest, kShortNop) && at > 0 && !may_be_prefix(text[at - 1])) {
    return Hole{at + kShortJumpSize, kHoleJumpSize, true};
  }
  const bool breakpoints =
      rest.size() >= kBreakpointRun &&
      std::ranges::all_of(rest.first(kBreakpointRun), [](std::byte b) { return b == kBreakpoint; });
  return breakpoints ? std::optional(Hole{at + kBreakpointRun - kHoleJumpSize, kHoleJumpSize, false}) : std::nullopt;
}

std::optional<Hole> stone_at(std::span<const std::byte> text, size_t at) {
  const auto rest = text.subspan(at);
  if (begins_with(rest, kStoneNop)) return Hole{at + kNopOperand, kShortJumpSize, false};
  if (begins_with(rest, kShortStoneNop) && at > 0 && !may_be_prefix(text[at - 1])) {
    return Hole{at + kShortJumpSize, kShortJumpSize, true};
  }
  return std::nullopt;
}

using Kind = std::optional<Hole> (*)(std::span<const std::byte> text, size_t at);

// Those of this kind that a jump of two bytes at `from` reaches, the nearest first.
std::vector<Hole> in_reach(std::span<const std::byte> text, uint64_t address, uint64_t from, Kind kind) {
  std::vector<Hole> holes;
  for (size_t at = 0; at < text.size(); ++at) {
    auto hole = kind(text, at);
    if (!hole) continue;
    hole->jump += address;
    if (short_jump(from, hole->jump)) holes.push_back(*hole);
  }
  const auto away = [from](const Hole& hole) { return hole.jump > from ? hole.jump - from : from - hole.jump; };
  std::ranges::stable_sort(holes, {}, away);
  return holes;
}

}  // namespace

std::optional<Way> find_way(std::span<const std::byte> text, uint64_t address, uint64_t site) {
  const auto direct = in_reach(text, address, site, hole_at);
  if (!direct.empty()) return Way{std::nullopt, direct.front()};
  for (const Hole& stone : in_reach(text, address, site, stone_at)) {
    const auto behind = in_reach(text, address, stone.jump, hole_at);
    if (!behind.empty()) return Way{stone, behind.front()};
  }
  return std::nullopt;
}

std::optional<std::array<std::byte, kShortJumpSize>> short_jump(uint64_t from, uint64_t to) {
  const auto way = distance<int8_t>(from + kShortJumpSize, to);
  if (!way) return std::nullopt;
  return std::array{std::byte{0xeb}, static_cast<std::byte>(*way)};
}

std::optional<std::array<std::byte, kHoleJumpSize>> hole_jump(uint64_t hole, uint64_t landing) {
  const auto way = distance<int32_t>(hole + kHoleJumpSize, landing);
  if (!way) return std::nullopt;
  std::array<std::byte, kHoleJumpSize> code = {std::byte{0xe9}};
  put(&code[1], *way);
  return code;
}

std::optional<std::array<std::byte, kLandingSize>> landing_code(uint64_t landing, uint64_t site,
                                                                uint64_t entry_pointer) {
  const auto back = distance<int32_t>(landing + 7, site + 2);
  const auto pointer = distance<int32_t>(landing + kLandingSize, entry_pointer);
  if (!back || !pointer) return std::nullopt;
  std::array<std::byte, kLandingSize> code = {std::byte{0x48}, std::byte{0x8d}, std::byte{0x0d}};
  put(&code[3], *back);
  code[7] = std::byte{0xff};
  code[8] = std::byte{0x25};
  put(&code[9], *pointer);
  return code;
}

size_t padding_at_end(std::span<const std::byte> page) {
  size_t zeros = 0;
  while (zeros < page.size() && page[page.size() - 1 - zeros] == std::byte{0}) ++zeros;
  return zeros > kPaddingKept ? zeros - kPaddingKept : 0;
}

CallSites::Text* CallSites::find(uint64_t address) {
  auto it = texts_.upper_bound(address);
  if (it == texts_.begin()) return nullptr;
  Text& text = std::prev(it)->second;
  return address < text.end ? &text : nullptr;
}

void CallSites::forget(uint64_t start, uint64_t end) {
  for (auto it = texts_.begin(); it != texts_.end();) {
    const Text& text = it->second;
    if (text.start >= end || start >= text.end) {
      ++it;
      continue;
    }
    code_.erase(code_.lower_bound(text.start), code_.lower_bound(text.end));
    it = texts_.erase(it);
  }
}

std::optional<uint64_t> CallSites::site_of(uint64_t pc) const {
  auto it = code_.upper_bound(pc);
  if (it == code_.begin()) return std::nullopt;
  const Code& code = std::prev(it)->second;
  return pc < code.end ? std::optional(code.site) : std::nullopt;
}

}  // namespace kontain::mem
