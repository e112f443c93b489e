// How the tracer looks at the payload's memory.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kontain::trace {

class MemoryReader {
 public:
  virtual ~MemoryReader() = default;
  // Copies `size` bytes at the payload's `address` to `to`. False if any of them cannot be read; `to` is then
  // undefined.
  virtual bool read(uint64_t address, void* to, size_t size) = 0;
};

}  // namespace kontain::trace
