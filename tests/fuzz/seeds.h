// Files from which mutations start: the heads of programs of this machine and built ones.
#pragma once

#include <cstddef>
#include <fstream>
#include <string>
#include <vector>

#include "tests/unit/elf/elf_builder.h"

namespace kontain::test {

// Enough for every header, PT_INTERP and note of a usual program.
inline constexpr size_t kSeedBytes = 4096;

inline std::vector<std::byte> head_of(const std::string& path) {
  std::vector<std::byte> head(kSeedBytes);
  std::ifstream stream(path, std::ios::binary);
  stream.read(reinterpret_cast<char*>(head.data()), kSeedBytes);
  head.resize(static_cast<size_t>(stream.gcount()));
  return head;
}

// A built program with every kind of program header that the parser looks at.
inline std::vector<std::byte> rich_program() {
  ElfBuilder elf = ElfBuilder::usual();
  elf.interpreter(std::string_view("/lib/ld.so\0", 11));
  elf.add(PT_PHDR, 64, 0x400040, 56 * 7, 56 * 7, PF_R, 8);
  elf.add(PT_TLS, 0x2f00, 0x402f00, 0x28, 0x8a, PF_R, 8);
  elf.add(PT_GNU_STACK, 0, 0, 0, 0, PF_R | PF_W | PF_X, 16);
  // A Kontain note: owner, type, header (version 1, 16 bytes, km 0.1.0, no flags), toolchain "test".
  const uint32_t note[] = {8, 20, 0x4b4d0001, 0x746e6f4b, 0x006e6961, 1u | 16u << 16, 0x100, 0, 4, 0x74736574};
  const auto* first = reinterpret_cast<const std::byte*>(note);
  elf.put(0x1a00, std::vector<std::byte>(first, first + sizeof note));
  elf.add(PT_NOTE, 0x1a00, 0x401a00, sizeof note, sizeof note, PF_R, 4);
  return elf.build();
}

inline std::vector<std::byte> script() {
  const std::string_view text = "#! /usr/bin/env  python3 -u \nprint(1)\n";
  const auto* first = reinterpret_cast<const std::byte*>(text.data());
  return {first, first + text.size()};
}

inline std::vector<std::vector<std::byte>> elf_seeds() {
  std::vector<std::vector<std::byte>> seeds = {rich_program(), ElfBuilder::usual().build(),
                                               ElfBuilder::movable().build(), script()};
  for (const char* path : {"/bin/ls", "/bin/busybox", "/lib64/ld-linux-x86-64.so.2", "/proc/self/exe"}) {
    std::vector<std::byte> head = head_of(path);
    if (!head.empty()) seeds.push_back(std::move(head));
  }
  return seeds;
}

}  // namespace kontain::test
