#include "km/repeat/random.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace kontain::repeat {
namespace {

static_assert(std::endian::native == std::endian::little);

using Words = std::array<uint32_t, 16>;

constexpr uint64_t kOfReads = 0;  // nonces
constexpr uint64_t kOfSplits = 1;

void quarter_round(Words& words, size_t a, size_t b, size_t c, size_t d) {
  words[a] += words[b], words[d] = std::rotl(words[d] ^ words[a], 16);
  words[c] += words[d], words[b] = std::rotl(words[b] ^ words[c], 12);
  words[a] += words[b], words[d] = std::rotl(words[d] ^ words[a], 8);
  words[c] += words[d], words[b] = std::rotl(words[b] ^ words[c], 7);
}

void double_round(Words& words) {
  for (size_t i = 0; i < 4; ++i) quarter_round(words, i, 4 + i, 8 + i, 12 + i);
  for (size_t i = 0; i < 4; ++i) quarter_round(words, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4);
}

}  // namespace

std::array<std::byte, 64> chacha20_block(const RandomKey& key, uint64_t counter, uint64_t nonce) {
  constexpr int kDoubleRounds = 10;
  Words input = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
  std::memcpy(&input[4], key.data(), key.size());
  std::memcpy(&input[12], &counter, sizeof counter);
  std::memcpy(&input[14], &nonce, sizeof nonce);
  Words words = input;
  for (int i = 0; i < kDoubleRounds; ++i) double_round(words);
  for (size_t i = 0; i < words.size(); ++i) words[i] += input[i];
  return std::bit_cast<std::array<std::byte, 64>>(words);
}

RandomKey key_of_seed(uint64_t seed) {
  RandomKey key{};
  std::memcpy(key.data(), &seed, sizeof seed);
  return key;
}

void RandomStream::read(std::span<std::byte> out) {
  uint64_t position = position_.fetch_add(out.size());
  while (!out.empty()) {
    const auto block = chacha20_block(key_, position / 64, kOfReads);
    const size_t skip = position % block.size();
    const size_t count = std::min(out.size(), block.size() - skip);
    std::memcpy(out.data(), block.data() + skip, count);
    out = out.subspan(count);
    position += count;
  }
}

RandomKey RandomStream::split() {
  const auto block = chacha20_block(key_, splits_.fetch_add(1), kOfSplits);
  RandomKey key;
  std::memcpy(key.data(), block.data(), key.size());
  return key;
}

}  // namespace kontain::repeat
