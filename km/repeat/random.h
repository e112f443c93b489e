// Random bytes that are a function of a seed (km --random-seed). They are as predictable as the seed: for building, not
// for keys.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace kontain::repeat {

using RandomKey = std::array<std::byte, 32>;

// One block of ChaCha20 (D. J. Bernstein, "ChaCha, a variant of Salsa20"; RFC 8439, 2.3, with a counter and a nonce of
// 64 bits each).
std::array<std::byte, 64> chacha20_block(const RandomKey& key, uint64_t counter, uint64_t nonce);

RandomKey key_of_seed(uint64_t seed);

// What one process reads. Each byte is given out once; which of two threads that read at once gets which is not said.
// Thread-safe, and without a lock that a fork could leave behind.
class RandomStream {
 public:
  explicit RandomStream(const RandomKey& key) : key_(key) {}

  void read(std::span<std::byte> out);
  // The key of the next process that comes of this one: independent of how much was read, different each time.
  RandomKey split();

 private:
  const RandomKey key_;
  std::atomic<uint64_t> position_ = 0;  // bytes read
  std::atomic<uint64_t> splits_ = 0;
};

}  // namespace kontain::repeat
