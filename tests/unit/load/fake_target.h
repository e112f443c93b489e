// A payload's memory for tests: pages in a map, every call recorded.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "base/checked.h"
#include "km/load/loader.h"
#include "km/mem/ranges.h"

namespace kontain::test {

// The bits a test wants, the last one again and again.
class ScriptedRandom final : public load::RandomSource {
 public:
  explicit ScriptedRandom(std::vector<uint64_t> values) : values_(std::move(values)) {}
  uint64_t next() override { return values_[used_ + 1 < values_.size() ? used_++ : used_]; }

 private:
  std::vector<uint64_t> values_;
  size_t used_ = 0;
};

class FakeTarget final : public load::MapTarget {
 public:
  struct Page {
    std::array<std::byte, kPageSize> bytes{};
    int protection = 0;
  };
  std::map<uint64_t, Page> pages;
  std::vector<std::string> calls;  // the names of the calls, in order
  uint64_t mmap_top = 0x6e00'0000'0000;
  uint64_t brk_start = 0;
  std::string fail_call;  // the call of this name fails with ENOMEM (zero and write: false)

  mem::GuestResult<void> map_file(const UniqueFd& fd, uint64_t offset, uint64_t address, uint64_t length,
                                  int protection) override {
    const auto mapped = map("map_file", address, length, protection);
    if (!mapped) return mapped;
    for (uint64_t done = 0; done < length; done += kPageSize) {
      const ssize_t got =
          pread(fd.get(), pages[address + done].bytes.data(), kPageSize, static_cast<off_t>(offset + done));
      if (got < 0 || offset % kPageSize != 0) return tl::make_unexpected(mem::Errno{EINVAL});
    }
    return {};
  }
  mem::GuestResult<void> map_anonymous(uint64_t address, uint64_t length, int protection) override {
    return map("map_anonymous", address, length, protection);
  }
  mem::GuestResult<void> map_stack(uint64_t top, uint64_t length, int protection) override {
    return map("map_stack", top - length, length, protection);
  }
  uint64_t find_free(uint64_t length, uint64_t alignment) override {
    calls.emplace_back("find_free");
    if (fail_call == "find_free") return 0;
    return align_down(mmap_top - page_up(length), alignment);
  }
  bool zero(uint64_t address, uint64_t length) override {
    const std::vector<std::byte> zeros(length);
    return put("zero", address, zeros);
  }
  bool write(uint64_t address, std::span<const std::byte> bytes) override { return put("write", address, bytes); }
  void reserve_brk(uint64_t start) override {
    calls.emplace_back("reserve_brk");
    brk_start = start;
  }

  uint64_t word_at(uint64_t address) const {
    uint64_t word = 0;
    for (size_t i = 0; i < sizeof word; ++i) {
      word |= uint64_t{static_cast<uint8_t>(byte_at(address + i))} << 8 * i;
    }
    return word;
  }
  std::byte byte_at(uint64_t address) const { return pages.at(page_down(address)).bytes[address % kPageSize]; }
  std::string string_at(uint64_t address) const {
    std::string text;
    for (; byte_at(address) != std::byte{0}; ++address) text += static_cast<char>(byte_at(address));
    return text;
  }
  int protection_at(uint64_t address) const {
    const auto page = pages.find(page_down(address));
    return page == pages.end() ? -1 : page->second.protection;
  }

 private:
  mem::GuestResult<void> map(const char* name, uint64_t address, uint64_t length, int protection) {
    calls.emplace_back(name);
    if (fail_call == name) return tl::make_unexpected(mem::Errno{ENOMEM});
    if (length == 0 || !is_page_aligned(address) || !is_page_aligned(length) || !mem::in_guest(address, length)) {
      return tl::make_unexpected(mem::Errno{EINVAL});
    }
    for (uint64_t done = 0; done < length; done += kPageSize) pages[address + done] = Page{{}, protection};
    return {};
  }
  bool put(const char* name, uint64_t address, std::span<const std::byte> bytes) {
    calls.emplace_back(name);
    if (fail_call == name) return false;
    for (const std::byte byte : bytes) {
      const auto page = pages.find(page_down(address));
      if (page == pages.end() || !(page->second.protection & PROT_WRITE)) return false;
      page->second.bytes[address++ % kPageSize] = byte;
    }
    return true;
  }
};

}  // namespace kontain::test
