// The loader's view of the payload's memory.
#pragma once

#include "km/load/loader.h"
#include "km/mem/address_space.h"

namespace kontain::run {

class PayloadMemory final : public load::MapTarget {
 public:
  // `stack_limit`: the payload's soft RLIMIT_STACK in bytes.
  PayloadMemory(mem::AddressSpace& memory, uint64_t stack_limit) : memory_(memory), stack_limit_(stack_limit) {}

  mem::GuestResult<void> map_file(const UniqueFd& fd, uint64_t offset, uint64_t address, uint64_t length,
                                  int protection) override;
  mem::GuestResult<void> map_anonymous(uint64_t address, uint64_t length, int protection) override;
  mem::GuestResult<void> map_stack(uint64_t top, uint64_t length, int protection) override;
  uint64_t find_free(uint64_t length, uint64_t alignment) override { return memory_.find_free(length, alignment); }
  bool zero(uint64_t address, uint64_t length) override { return mem::clear_out(address, length); }
  bool write(uint64_t address, std::span<const std::byte> bytes) override {
    return mem::copy_out(address, bytes.data(), bytes.size());
  }
  void reserve_brk(uint64_t start) override { memory_.start_break(start); }

 private:
  mem::GuestResult<void> map(const mem::MapRequest& request);

  mem::AddressSpace& memory_;
  uint64_t stack_limit_;
};

}  // namespace kontain::run
