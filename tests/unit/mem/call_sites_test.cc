// SYSCALL instructions become jumps, and what is around them stays what it was.
#include "km/mem/call_sites.h"

#include <cstring>

#include "km/arch/x86.h"
#include "tests/unit/mem/space.h"

namespace kontain::mem::test {
namespace {

constexpr uint64_t kEntry = 0x6f80'0000'0000;
constexpr uint64_t kPage = 4096;

std::vector<std::byte> bytes(std::initializer_list<int> values) {
  std::vector<std::byte> result;
  for (const int value : values) result.push_back(static_cast<std::byte>(value));
  return result;
}

// `mov $39, %eax; syscall; ret` at 0, and padding behind it.
std::vector<std::byte> function(std::initializer_list<int> padding) {
  auto text = bytes({0xb8, 39, 0, 0, 0, 0x0f, 0x05, 0xc3});
  for (const int value : padding) text.push_back(static_cast<std::byte>(value));
  return text;
}

constexpr uint64_t kSite = 5;  // in it

// Where a jump of `size` bytes at `at`, whose displacement is the rest of it, leads to; `opcode` is before that.
template <class T>
uint64_t target(const std::vector<std::byte>& text, uint64_t at, size_t opcode) {
  T way;
  std::memcpy(&way, &text[at + opcode], sizeof way);
  return at + opcode + sizeof way + static_cast<uint64_t>(static_cast<int64_t>(way));
}

UniqueFd file_of(const std::vector<std::byte>& text) {
  UniqueFd fd = temporary_file(static_cast<off_t>(2 * kPage));
  REQUIRE(pwrite(fd.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
  return fd;
}

constexpr int kText = PROT_READ | PROT_EXEC;

std::vector<std::byte> seen(uint64_t at, size_t size) {
  std::vector<std::byte> result(size);
  REQUIRE(copy_in(result.data(), at, size));
  return result;
}

bool is_replaced(uint64_t at) { return seen(at + kSite, 1)[0] == std::byte{0xeb}; }

// Text that can be replaced, mapped.
struct Mapped : Space {
  UniqueFd file;
  uint64_t at;
  explicit Mapped(int protection = kText, int flags = MAP_PRIVATE)
      : file(file_of(function({0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0}))),
        at(memory.map({0, 2 * kPage, protection, flags, file.get(), 0}).value()) {}
  bool replace() { return memory.replace_call_site(at + kSite + 2, kEntry); }
};

}  // namespace

TEST_CASE("call_sites: the operand of a long NOP is a hole, whatever its prefixes are") {
  for (const auto& text :
       {function({0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0}), function({0x66, 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0})}) {
    const auto way = find_way(text, 0x1000, 0x1000 + kSite);
    REQUIRE(way);
    CHECK_FALSE(way->stone);
    CHECK(way->hole.jump == 0x1000 + text.size() - 5);
    CHECK_FALSE(way->hole.is_open);
  }
}

TEST_CASE("call_sites: a shorter NOP is jumped over, unless something before it could belong to it") {
  const auto way = find_way(function({0x0f, 0x1f, 0x80, 0, 0, 0, 0}), 0, kSite);
  REQUIRE(way);
  CHECK(way->hole.jump == 10);
  CHECK(way->hole.is_open);
  CHECK_FALSE(find_way(function({0x66, 0x0f, 0x1f, 0x80, 0, 0, 0, 0}), 0, kSite));
  CHECK_FALSE(find_way(function({0x41, 0x0f, 0x1f, 0x80, 0, 0, 0, 0}), 0, kSite));
}

TEST_CASE("call_sites: a run of breakpoints has a hole at its end, a short one has none") {
  const auto way = find_way(function({0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc}), 0, kSite);
  REQUIRE(way);
  CHECK(way->hole.jump == 8 + 4);
  CHECK_FALSE(find_way(function({0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc}), 0, kSite));
}

TEST_CASE("call_sites: without padding, or with padding used or too far away, there is no hole") {
  CHECK_FALSE(find_way(function({}), 0, kSite));
  CHECK_FALSE(find_way(function({0x0f, 0x1f, 0x84, 0, 0xe9, 1, 2, 3}), 0, kSite));
  CHECK_FALSE(find_way(function({0x0f, 0x1f, 0x84, 0, 0, 0, 0}), 0, kSite));
  auto far = function({});
  far.resize(kSite + 2 + 127 - 3 + 1, std::byte{0x90});
  for (const int value : {0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0}) far.push_back(static_cast<std::byte>(value));
  CHECK_FALSE(find_way(far, 0, kSite));
  far.erase(far.begin() + 20);
  CHECK(find_way(far, 0, kSite));
}

// `function`, `stone` behind it, and so many bytes on a long NOP.
std::vector<std::byte> text_with_stone(std::initializer_list<int> stone, size_t distance) {
  auto text = function(stone);
  text.resize(text.size() + distance, std::byte{0x90});
  for (const int value : {0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0}) text.push_back(static_cast<std::byte>(value));
  return text;
}

TEST_CASE("call_sites: a shorter NOP is a stone on the way to a hole that is too far away") {
  const auto way = find_way(text_with_stone({0x0f, 0x1f, 0x44, 0, 0}, 122), 0x1000, 0x1000 + kSite);
  REQUIRE(way);
  REQUIRE(way->stone);
  CHECK(way->stone->jump == 0x1000 + 8 + 3);
  CHECK(way->stone->size == 2);
  CHECK_FALSE(way->stone->is_open);
  CHECK(way->hole.jump == 0x1000 + 8 + 5 + 122 + 3);
  CHECK(way->first() == way->stone->jump);
  const auto over = find_way(text_with_stone({0x0f, 0x1f, 0x40, 0}, 122), 0, kSite);
  REQUIRE(over);
  REQUIRE(over->stone);
  CHECK(over->stone->jump == 8 + 2);
  CHECK(over->stone->is_open);
  // Near enough without.
  CHECK_FALSE(find_way(text_with_stone({0x0f, 0x1f, 0x44, 0, 0}, 10), 0, kSite)->stone);
  // Too far even so; no NOP; one that may have a prefix.
  CHECK_FALSE(find_way(text_with_stone({0x0f, 0x1f, 0x44, 0, 0}, 130), 0, kSite));
  CHECK_FALSE(find_way(text_with_stone({0x0f, 0x1f, 0x44, 0x20, 0}, 122), 0, kSite));
  CHECK_FALSE(find_way(text_with_stone({0x66, 0x0f, 0x1f, 0x40, 0}, 122), 0, kSite));
}

TEST_CASE("call_sites: distances that do not fit are refused") {
  CHECK(short_jump(1000, 1002 + 127));
  CHECK_FALSE(short_jump(1000, 1002 + 128));
  CHECK(short_jump(1000, 1002 - 128));
  CHECK_FALSE(short_jump(1000, 1002 - 129));
  CHECK_FALSE(hole_jump(0x1000, 0x1'0000'0000));
  CHECK_FALSE(landing_code(0x2'0000'0000, 0x1000, 0x2'0000'0100));
  CHECK_FALSE(landing_code(0x1000, 0x1010, 0x2'0000'0000));
}

TEST_CASE("call_sites: padding at the end of a page is zeros, but for a few") {
  std::vector<std::byte> page(kPage, std::byte{1});
  CHECK(padding_at_end(page) == 0);
  std::fill(page.end() - 16, page.end(), std::byte{0});
  CHECK(padding_at_end(page) == 0);
  std::fill(page.end() - 100, page.end(), std::byte{0});
  CHECK(padding_at_end(page) == 84);
}

TEST_CASE("call_sites: code of ours is known by its site, and forgotten with its text") {
  CallSites sites;
  sites.add({.start = 0x1000, .end = 0x3000, .sites = {}});
  sites.note_code(0x2000, 0x200d, 0x1005);
  CHECK(sites.site_of(0x2000) == 0x1005);
  CHECK(sites.site_of(0x200c) == 0x1005);
  CHECK_FALSE(sites.site_of(0x200d));
  CHECK_FALSE(sites.site_of(0x1fff));
  CHECK(sites.find(0x2fff));
  CHECK_FALSE(sites.find(0x3000));
  CHECK_FALSE(sites.find(0xfff));
  sites.forget(0x3000, 0x4000);
  CHECK(sites.find(0x1000));
  sites.forget(0x2fff, 0x4000);
  CHECK(sites.empty());
  CHECK_FALSE(sites.site_of(0x2000));
}

TEST_CASE("call_sites: a replaced SYSCALL leads to the entry and back behind itself") {
  NEEDS_RANGES();
  Mapped s;
  REQUIRE(s.replace());
  const auto text = seen(s.at, 2 * kPage);
  CHECK(text[kSite] == std::byte{0xeb});
  const uint64_t hole = target<int8_t>(text, kSite, 1);
  CHECK(text[hole] == std::byte{0xe9});
  const uint64_t landing = target<int32_t>(text, hole, 1);
  REQUIRE(landing + kLandingSize <= text.size());
  CHECK(target<int32_t>(text, landing, 3) == kSite + 2);
  uint64_t entry = 0;
  std::memcpy(&entry, &text[target<int32_t>(text, landing + 7, 2)], sizeof entry);
  CHECK(entry == kEntry);
  // The NOP is one still.
  CHECK(text[hole - 3] == std::byte{0x0f});
  CHECK(text[hole - 1] == std::byte{0x84});
  for (const uint64_t pc : {hole, hole + 4, landing, landing + 7})
    CHECK(s.memory.call_site_of(s.at + pc) == s.at + kSite);
  for (const uint64_t pc : {kSite, kSite + 2, landing - 16}) CHECK_FALSE(s.memory.call_site_of(s.at + pc));
  CHECK_FALSE(s.replace());  // it is no SYSCALL any more
  CHECK(s.consistent());
}

TEST_CASE("call_sites: the way over a stone is whole, and programs run through the stone as before") {
  NEEDS_RANGES();
  for (const bool is_short : {false, true}) {
    const auto before =
        is_short ? text_with_stone({0x0f, 0x1f, 0x40, 0}, 122) : text_with_stone({0x0f, 0x1f, 0x44, 0, 0}, 122);
    Space s;
    const UniqueFd file = file_of(before);
    const uint64_t at = s.memory.map({0, 2 * kPage, kText, MAP_PRIVATE, file.get(), 0}).value();
    REQUIRE(s.memory.replace_call_site(at + kSite + 2, kEntry));
    const auto text = seen(at, 2 * kPage);
    const uint64_t stone = target<int8_t>(text, kSite, 1);
    REQUIRE(stone == (is_short ? 10U : 11U));
    CHECK(text[stone] == std::byte{0xeb});
    const uint64_t hole = target<int8_t>(text, stone, 1);
    CHECK(text[hole] == std::byte{0xe9});
    CHECK(target<int32_t>(text, target<int32_t>(text, hole, 1), 3) == kSite + 2);
    if (is_short) {
      CHECK(text[8] == std::byte{0xeb});
      CHECK(target<int8_t>(text, 8, 1) == 12);
    } else {
      CHECK(std::equal(before.begin() + 8, before.begin() + 11, text.begin() + 8));
    }
    for (const uint64_t pc : {stone, stone + 1, hole}) CHECK(s.memory.call_site_of(at + pc) == at + kSite);
    CHECK_FALSE(s.memory.call_site_of(at + stone + 2));
    REQUIRE(s.memory.protect(at, kPage, PROT_READ));
    CHECK(seen(at + kSite, 2) == bytes({0x0f, 0x05}));
  }
}

TEST_CASE("call_sites: only text of a file that nobody writes is replaced") {
  NEEDS_RANGES();
  CHECK_FALSE(Mapped(PROT_READ).replace());
  CHECK_FALSE(Mapped(kText | PROT_WRITE).replace());
  CHECK_FALSE(Mapped(kText, MAP_SHARED).replace());
  Space s;
  const uint64_t at = s.map(kPage, kReadWrite);
  const auto text = function({0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0});
  REQUIRE(copy_out(at, text.data(), text.size()));
  REQUIRE(s.memory.protect(at, kPage, kText));
  CHECK_FALSE(s.memory.replace_call_site(at + kSite + 2, kEntry));
  CHECK_FALSE(s.memory.replace_call_site(0, kEntry));
  CHECK_FALSE(s.memory.replace_call_site(1, kEntry));
  CHECK_FALSE(s.memory.replace_call_site(UINT64_MAX, kEntry));
  CHECK_FALSE(s.memory.replace_call_site(kGuestTop + kPage, kEntry));
}

TEST_CASE("call_sites: without room behind the text nothing is replaced") {
  NEEDS_RANGES();
  auto text = function({0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0});
  text.resize(2 * kPage, std::byte{1});
  Space s;
  const UniqueFd file = file_of(text);
  const uint64_t at = s.memory.map({0, 2 * kPage, kText, MAP_PRIVATE, file.get(), 0}).value();
  CHECK_FALSE(s.memory.replace_call_site(at + kSite + 2, kEntry));
  CHECK(seen(at, 2 * kPage) == text);
}

TEST_CASE("call_sites: a text that changes gets its instructions back first") {
  NEEDS_RANGES();
  SECTION("mprotect of all of it, or of a part") {
    for (const uint64_t part : {uint64_t{0}, kPage}) {
      Mapped s;
      REQUIRE(s.replace());
      REQUIRE(s.memory.protect(s.at + part, kPage, PROT_READ));
      CHECK_FALSE(is_replaced(s.at));
      CHECK_FALSE(s.memory.call_site_of(s.at + 2 * kPage - 16 - 32));
    }
  }
  SECTION("munmap of its end") {
    Mapped s;
    REQUIRE(s.replace());
    REQUIRE(s.memory.unmap(s.at + kPage, kPage));
    CHECK_FALSE(is_replaced(s.at));
  }
  SECTION("a mapping over its end") {
    Mapped s;
    REQUIRE(s.replace());
    REQUIRE(s.map(kPage, kReadWrite, kAnonymous | MAP_FIXED, s.at + kPage) == s.at + kPage);
    CHECK_FALSE(is_replaced(s.at));
  }
  SECTION("mremap") {
    Mapped s;
    REQUIRE(s.replace());
    const uint64_t target = s.memory.find_free(2 * kPage, kPage);
    const auto moved = s.memory.remap(s.at, 2 * kPage, 2 * kPage, MREMAP_MAYMOVE | MREMAP_FIXED, target);
    REQUIRE(moved);
    CHECK_FALSE(is_replaced(*moved));
  }
  SECTION("MADV_DONTNEED") {
    Mapped s;
    REQUIRE(s.replace());
    REQUIRE(s.memory.advise(s.at + kPage, kPage, MADV_DONTNEED));
    CHECK_FALSE(is_replaced(s.at));
    CHECK_FALSE(s.replace());  // its hole is used up
    REQUIRE(s.memory.advise(s.at, 2 * kPage, MADV_DONTNEED));
    CHECK(s.replace());
    CHECK(is_replaced(s.at));
  }
}

TEST_CASE("call_sites: a text that is gone is forgotten, and another may be in its place") {
  NEEDS_RANGES();
  Mapped s;
  REQUIRE(s.replace());
  REQUIRE(s.memory.unmap(s.at, 2 * kPage));
  for (uint64_t pc = s.at; pc < s.at + 2 * kPage; ++pc) REQUIRE_FALSE(s.memory.call_site_of(pc));
  REQUIRE(s.memory.map({s.at, 2 * kPage, kText, MAP_PRIVATE | MAP_FIXED, s.file.get(), 0}));
  CHECK_FALSE(is_replaced(s.at));
  CHECK(s.replace());
}

}  // namespace kontain::mem::test
