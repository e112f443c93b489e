#include "imagebuild/runenv/launcher.h"

#include <elf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>

#include "base/abi/note_reader.h"
#include "tests/unit/build/scratch.h"

using namespace kontain;
using namespace kontain::image;
using namespace kontain::image::runenv;

namespace {

// A program of headers only, as Debian's are: PT_LOAD, PT_NOTE, PT_GNU_PROPERTY of the same bytes, another PT_NOTE.
std::string program(uint32_t twin = PT_GNU_PROPERTY) {
  Elf64_Ehdr header{};
  memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_type = ET_EXEC;
  header.e_machine = EM_X86_64;
  header.e_phoff = sizeof header;
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = 4;
  const uint64_t notes = sizeof header + 4 * sizeof(Elf64_Phdr);
  const Elf64_Phdr segments[] = {{PT_LOAD, PF_R, 0, 0, 0, notes + 33, notes + 33, 4096},
                                 {PT_NOTE, PF_R, notes + 16, 0, 0, 16, 16, 4},
                                 {PT_NOTE, PF_R, notes, 0, 0, 16, 16, 8},
                                 {twin, PF_R, notes, 0, 0, 16, 16, 8}};
  std::string file(reinterpret_cast<const char*>(&header), sizeof header);
  file.append(reinterpret_cast<const char*>(segments), sizeof segments);
  return file + std::string(33, '\0');
}

std::span<const uint8_t> bytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace

TEST_CASE("a launcher is the program with the note") {
  const std::string before = program();
  const auto made = with_note(before, "p");
  REQUIRE(made);
  const auto note = abi::read_kontain_note(bytes(*made));
  REQUIRE(note);
  REQUIRE(*note);
  CHECK((*note)->abi_version == abi::kAbiVersion);
  CHECK((*note)->toolchain == "kontain-build runenv");
  // Of what was there one program header is another.
  const size_t changed = sizeof(Elf64_Ehdr) + 2 * sizeof(Elf64_Phdr);
  CHECK(made->substr(0, changed) == before.substr(0, changed));
  const size_t rest = changed + sizeof(Elf64_Phdr);
  CHECK(made->substr(rest, before.size() - rest) == before.substr(rest));
  CHECK(with_note(*made, "p").error().message() == "launcher: p: it has a Kontain note already");
}

TEST_CASE("what can be no launcher is refused") {
  CHECK(with_note("text", "p").error().message() == "launcher: p: not an ELF64 little-endian file");
  CHECK(with_note(program(PT_GNU_STACK), "p").error().message() ==
        "launcher: p: no program header can become that of the note");
  std::string object = program();
  object[16] = ET_REL;
  CHECK(with_note(object, "p").error().message() == "launcher: p: no program for x86-64");
  const std::string whole = program();
  for (size_t size = 0; size < whole.size() - 33; ++size) CHECK_FALSE(with_note(whole.substr(0, size), "p"));
}

TEST_CASE("launchers are made of packages' programs, and of nothing outside") {
  build::Scratch scratch;
  scratch.file("p/debian/usr/bin/tool", program(), 0755);
  scratch.file("secret", program(), 0755);
  REQUIRE(symlink("../../../../secret", (scratch / "p/debian/usr/bin/link").c_str()) == 0);
  REQUIRE(make_launchers({{"tool.km", "usr/bin/tool"}}, (scratch / "p").string()));
  struct stat status;
  REQUIRE(stat((scratch / "p/launchers/tool.km").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0755);
  scratch.file("q/debian/x", "");
  std::filesystem::rename(scratch / "p/debian/usr/bin/link", scratch / "q/debian/link");
  CHECK_FALSE(make_launchers({{"link.km", "link"}}, (scratch / "q").string()));
}
