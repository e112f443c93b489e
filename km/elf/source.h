// Where the parser reads from: any place that can give the bytes at an offset. The parser copies what it needs once and
// judges the copy, so a file that changes underneath cannot change a decision already made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace kontain::elf {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // The file's size in bytes when it was opened. Nothing at or beyond it is asked for.
  virtual uint64_t size() const = 0;
  // Fills `to` from `offset`. False when the bytes cannot be had (an I/O error, or the file shrank).
  [[nodiscard]] virtual bool read_at(uint64_t offset, std::span<std::byte> to) const = 0;
};

// A file that is already in memory, or its first bytes: `file_size` may be larger than what is there.
class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(std::span<const std::byte> bytes) : MemorySource(bytes, bytes.size()) {}
  MemorySource(std::span<const std::byte> head, uint64_t file_size) : head_(head), file_size_(file_size) {}

  uint64_t size() const override { return file_size_; }
  bool read_at(uint64_t offset, std::span<std::byte> to) const override {
    if (offset > head_.size() || to.size() > head_.size() - offset) return false;
    if (!to.empty()) std::memcpy(to.data(), head_.data() + offset, to.size());
    return true;
  }

 private:
  std::span<const std::byte> head_;
  uint64_t file_size_;
};

}  // namespace kontain::elf
