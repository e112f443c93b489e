// System call instructions of the payload's program text that have been replaced by jumps to the monitor's entry: where
// SYSCALL itself is slow, and one has been seen often (docs/adr/0019).
//
// SYSCALL has two bytes. In its place goes a jump of two bytes to a *hole*, a jump in padding nearby, which leads to a
// *landing* behind the end of the text, in what its last page has left:
//
//   site:     jmp  hole
//   hole:     jmp  landing
//   landing:  lea  site + 2(%rip), %rcx        as SYSCALL would leave RCX
//             jmp  *entry(%rip)
//
// Padding that programs run through stays that: of a NOP of eight bytes the hole is the operand, which means nothing;
// one of seven bytes becomes a jump over the hole. Where no hole is near enough, the site's jump leads to a *stone*,
// another jump of two bytes in padding, from which one is: of a NOP of five bytes the operand, or one of four behind a
// jump over it.
//
// Every instruction that was there before begins where it began, so whatever jumps there still may. A call that has
// been made goes on at site + 2, and one that is made again begins at the site, as with SYSCALL.
//
// Pure: bytes in, bytes out.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

namespace kontain::mem {

inline constexpr std::array<std::byte, 2> kSyscallInstruction = {std::byte{0x0f}, std::byte{0x05}};
// How far from the instruction behind a SYSCALL a hole or a stone can be: a jump with a displacement of one byte, and
// the NOP; and from there again.
inline constexpr uint64_t kHoleReach = 144;
inline constexpr uint64_t kWayReach = 2 * kHoleReach;
inline constexpr size_t kShortJumpSize = 2;
inline constexpr size_t kHoleJumpSize = 5;
inline constexpr size_t kLandingSize = 13;

// Room for a jump in padding.
struct Hole {
  uint64_t jump = 0;                                       // the address of its bytes
  size_t size = 0;                                         // kHoleJumpSize, of a stone kShortJumpSize
  bool is_open = false;                                    // two bytes before have to become a jump over it, first
  uint64_t over() const { return jump - kShortJumpSize; }  // where that is
};
struct Way {
  std::optional<Hole> stone;
  Hole hole;
  // Where the site jumps to.
  uint64_t first() const { return stone ? stone->jump : hole.jump; }
};
// In `text`, which begins at `address`, for a SYSCALL at `site`: without a stone if that can be.
std::optional<Way> find_way(std::span<const std::byte> text, uint64_t address, uint64_t site);

// The bytes of the parts; distances that do not fit are nothing.
std::optional<std::array<std::byte, kShortJumpSize>> short_jump(uint64_t from, uint64_t to);
std::optional<std::array<std::byte, kHoleJumpSize>> hole_jump(uint64_t hole, uint64_t landing);
std::optional<std::array<std::byte, kLandingSize>> landing_code(uint64_t landing, uint64_t site,
                                                                uint64_t entry_pointer);

// How many bytes at the end of the last page of a text are padding: zeros, less the first few, which may be somebody's.
size_t padding_at_end(std::span<const std::byte> page);

// What was replaced, by mapping.
class CallSites {
 public:
  // One mapping's text.
  struct Text {
    uint64_t start = 0;
    uint64_t end = 0;
    uint64_t entry_pointer = 0;  // the address of the entry's address
    uint64_t next_landing = 0;
    uint64_t landings_end = 0;
    std::vector<uint64_t> sites;
  };

  // The text that holds `address`, or nullptr.
  Text* find(uint64_t address);
  Text& add(const Text& text) { return texts_[text.start] = text; }
  // Calls fn(Text&) for each that has something in [start, end).
  template <class Fn>
  void for_each(uint64_t start, uint64_t end, Fn&& fn) {
    for (auto& [begin, text] : texts_) {
      if (text.start < end && start < text.end) fn(text);
    }
  }
  // Forgets the texts that have something in [start, end).
  void forget(uint64_t start, uint64_t end);
  bool empty() const { return texts_.empty(); }

  // Remembers what the code in [start, end) stands for.
  void note_code(uint64_t start, uint64_t end, uint64_t site) { code_[start] = {end, site}; }
  // The site whose hole or landing has an instruction at `pc`.
  std::optional<uint64_t> site_of(uint64_t pc) const;

 private:
  struct Code {
    uint64_t end;
    uint64_t site;
  };
  std::map<uint64_t, Text> texts_;  // by start
  std::map<uint64_t, Code> code_;   // by start
};

}  // namespace kontain::mem
