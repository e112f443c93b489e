// read_note FILE: prints the Kontain note of an ELF file as "abi km flags toolchain". Status 1: there is none, 2: the
// file cannot be read or the note is malformed.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <vector>

#include "base/abi/note_reader.h"
#include "base/log.h"

int main(int argc, char** argv) {
  using namespace kontain;
  set_tool_name("read_note");
  if (argc != 2) return print_error("usage: read_note FILE"), 2;
  std::ifstream in(argv[1], std::ios::binary);
  if (!in) return print_error("cannot open the file"), 2;
  const std::vector<char> text{std::istreambuf_iterator<char>(in), {}};
  const auto note = abi::read_kontain_note({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  if (!note) return print_error(note.error()), 2;
  if (!*note) return 1;
  std::printf("%u 0x%06x %#x %s\n", (*note)->abi_version, (*note)->minimum_km_version, (*note)->flags,
              (*note)->toolchain.c_str());
  return 0;
}
