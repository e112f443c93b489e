// Files from which mutations for the analyser start: small ones of this machine, whole, since it reads all of a file.
#pragma once

#include <cstddef>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/unit/elf/elf_builder.h"

namespace kontain::test {

inline std::vector<std::byte> whole_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  const auto* first = reinterpret_cast<const std::byte*>(text.data());
  return {first, first + text.size()};
}

// Two functions by symbols: one that makes write(2) and one that makes the call it is asked for.
inline std::vector<std::byte> calling_program() {
  ElfBuilder elf = ElfBuilder::usual();
  const uint8_t code[] = {0xb8, 1,    0,    0,    0,    0x0f, 0x05, 0xe8, 5,    0,    0,    0,    0xc3, 0x90, 0x90,
                          0x90, 0x90, 0x48, 0x89, 0xf8, 0x0f, 0x05, 0xc5, 0xfc, 0x28, 0xc1, 0xcd, 0x80, 0xc3};
  const auto* first = reinterpret_cast<const std::byte*>(code);
  elf.put(0x1000, std::vector<std::byte>(first, first + sizeof code));
  return elf.build();
}

inline std::vector<std::vector<std::byte>> analyser_seeds() {
  std::vector<std::vector<std::byte>> seeds = {calling_program(), ElfBuilder::movable().build()};
  for (const char* path : {"/bin/true", "/lib/x86_64-linux-gnu/libdl.so.2", "/lib/x86_64-linux-gnu/libutil.so.1"}) {
    std::vector<std::byte> file = whole_file(path);
    if (!file.empty()) seeds.push_back(std::move(file));
  }
  return seeds;
}

}  // namespace kontain::test
