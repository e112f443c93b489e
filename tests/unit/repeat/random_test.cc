#include "km/repeat/random.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

namespace kontain::repeat {
namespace {

std::vector<std::byte> bytes_of(RandomStream& stream, size_t size) {
  std::vector<std::byte> bytes(size);
  stream.read(bytes);
  return bytes;
}

// RFC 8439, 2.3.2: its counter of 32 bits and nonce of 96 fill the same 16 bytes.
TEST_CASE("the block function is ChaCha20's") {
  RandomKey key;
  for (size_t i = 0; i < key.size(); ++i) key[i] = std::byte(i);
  const auto block = chacha20_block(key, 0x09000000'00000001, 0x00000000'4a000000);
  constexpr unsigned char kExpected[] = {0x10, 0xf1, 0xe7, 0xe4, 0xd1, 0x3b, 0x59, 0x15, 0x50, 0x0f, 0xdd, 0x1f, 0xa3,
                                         0x20, 0x71, 0xc4, 0xc7, 0xd1, 0xf4, 0xc7, 0x33, 0xc0, 0x68, 0x03, 0x04, 0x22,
                                         0xaa, 0x9a, 0xc3, 0xd4, 0x6c, 0x4e, 0xd2, 0x82, 0x64, 0x46, 0x07, 0x9f, 0xaa,
                                         0x09, 0x14, 0xc2, 0xd7, 0x05, 0xd9, 0x8b, 0x02, 0xa2, 0xb5, 0x12, 0x9c, 0xd1,
                                         0xde, 0x16, 0x4e, 0xb9, 0xcb, 0xd0, 0x83, 0xe8, 0xa2, 0x50, 0x3c, 0x4e};
  for (size_t i = 0; i < block.size(); ++i) CHECK(std::to_integer<unsigned>(block[i]) == kExpected[i]);
}

TEST_CASE("a stream is the same however it is read") {
  RandomStream whole(key_of_seed(1)), parts(key_of_seed(1)), other(key_of_seed(2));
  const auto expected = bytes_of(whole, 300);
  std::vector<std::byte> together;
  for (const size_t size : {1, 63, 64, 0, 65, 7, 100}) {
    const auto part = bytes_of(parts, size);
    together.insert(together.end(), part.begin(), part.end());
  }
  CHECK(together == expected);
  CHECK(bytes_of(other, 300) != expected);
}

TEST_CASE("what is split off does not depend on what was read, and is never the same twice") {
  RandomStream one(key_of_seed(1)), two(key_of_seed(1));
  bytes_of(two, 1000);
  const RandomKey first = one.split(), second = one.split();
  CHECK(first == two.split());
  CHECK(second == two.split());
  CHECK(first != second);
  CHECK(first != key_of_seed(1));
  RandomStream child(first), parent(key_of_seed(1));
  CHECK(bytes_of(child, 32) != bytes_of(parent, 32));
}

TEST_CASE("no byte is given out twice to threads that read at once") {
  constexpr size_t kReads = 1000, kSize = 24;
  RandomStream stream(key_of_seed(3)), alone(key_of_seed(3));
  std::vector<std::vector<std::byte>> seen(2 * kReads);
  const auto read = [&](size_t start) {
    for (size_t i = start; i < seen.size(); i += 2) seen[i] = bytes_of(stream, kSize);
  };
  std::thread other([&] { read(1); });
  read(0);
  other.join();
  std::vector<std::vector<std::byte>> expected(2 * kReads);
  for (auto& bytes : expected) bytes = bytes_of(alone, kSize);
  std::sort(seen.begin(), seen.end());
  std::sort(expected.begin(), expected.end());
  CHECK(seen == expected);
}

}  // namespace
}  // namespace kontain::repeat
