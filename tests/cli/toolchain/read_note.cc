// read_note FILE [calls]: prints the Kontain note of an ELF file as "abi km flags toolchain", or the numbers of the
// system calls in it, one a line. Status 1: there is none, 2: the file cannot be read or the note is malformed.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string_view>
#include <vector>

#include "base/abi/note_reader.h"
#include "base/log.h"

namespace {

int print_calls(const kontain::abi::KontainNote& note) {
  if (!note.calls) return 1;
  for (unsigned number = 0; number < 64 * std::size(note.calls->words); ++number) {
    if ((note.calls->words[number / 64] >> number % 64 & 1) != 0) std::printf("%u\n", number);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace kontain;
  set_tool_name("read_note");
  const bool wants_calls = argc == 3 && argv[2] == std::string_view("calls");
  if (argc != 2 && !wants_calls) return print_error("usage: read_note FILE [calls]"), 2;
  std::ifstream in(argv[1], std::ios::binary);
  if (!in) return print_error("cannot open the file"), 2;
  const std::vector<char> text{std::istreambuf_iterator<char>(in), {}};
  const auto note = abi::read_kontain_note({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  if (!note) return print_error(note.error()), 2;
  if (!*note) return 1;
  if (wants_calls) return print_calls(**note);
  std::printf("%u 0x%06x %#x %s\n", (*note)->abi_version, (*note)->minimum_km_version, (*note)->flags,
              (*note)->toolchain.c_str());
  return 0;
}
