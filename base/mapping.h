// RAII for mmap(2)ed memory of our own. Guest memory is never held by one of these: km/mem owns the guest ranges.
#pragma once

#include <sys/mman.h>

#include <cerrno>
#include <cstddef>
#include <utility>

#include "base/error.h"

namespace kontain {

class Mapping {
 public:
  Mapping() = default;
  // Maps `size` bytes. `hint` (0: none) is where the kernel is asked, not told, to place it.
  static Result<Mapping> create(size_t size, int protection, int flags, int fd = -1, void* hint = nullptr) {
    void* address = mmap(hint, size, protection, flags, fd, 0);
    if (address == MAP_FAILED) return fail_errno("mmap", "", errno);
    return Mapping(address, size);
  }
  Mapping(Mapping&& other) noexcept : address_(std::exchange(other.address_, nullptr)), size_(other.size_) {}
  Mapping& operator=(Mapping&& other) noexcept {
    std::swap(address_, other.address_);
    std::swap(size_, other.size_);
    return *this;
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() {
    if (address_) munmap(address_, size_);
  }

  void* get() const { return address_; }
  size_t size() const { return size_; }
  explicit operator bool() const { return address_ != nullptr; }

 private:
  Mapping(void* address, size_t size) : address_(address), size_(size) {}
  void* address_ = nullptr;
  size_t size_ = 0;
};

}  // namespace kontain
