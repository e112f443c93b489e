#include "km/elf/parser.h"

#include <catch2/catch.hpp>

#include "km/elf/names.h"
#include "tests/unit/elf/elf_builder.h"

using namespace kontain;
using namespace kontain::elf;
using test::ElfBuilder;

namespace {

Parsed<Image> parse_built(const ElfBuilder& builder) {
  const std::vector<std::byte> file = builder.build();
  return parse(MemorySource(file));
}

Image accepted(const ElfBuilder& builder) {
  auto image = parse_built(builder);
  if (!image) FAIL("rejected: " << image.error().reason);
  return *image;
}

// Says which way a file was refused, so that a test for one rule cannot pass through another.
void check_refused(const ElfBuilder& builder, RejectKind kind, const std::string& words) {
  const auto image = parse_built(builder);
  REQUIRE_FALSE(image);
  CHECK(image.error().reason == words);
  CHECK(static_cast<int>(image.error().kind) == static_cast<int>(kind));
}

}  // namespace

TEST_CASE("a fixed program is described") {
  ElfBuilder elf = ElfBuilder::usual();
  elf.add(PT_TLS, 0x2f00, 0x402f00, 0x28, 0x8a, PF_R, 8);
  const Image image = accepted(elf);

  CHECK(image.kind == Image::Kind::Fixed);
  CHECK(image.entry == 0x401000);
  REQUIRE(image.segments.size() == 2);
  CHECK(image.segments[0].address == 0x400000);
  CHECK(image.segments[0].flags == (kRead | kExecute));
  CHECK(image.segments[1].offset == 0x2f00);
  CHECK(image.segments[1].file_size == 0x100);
  CHECK(image.segments[1].memory_size == 0x2300);
  CHECK(image.low() == 0x400000);
  CHECK(image.high() == 0x406000);
  CHECK(image.program_headers == 0x400040);
  CHECK(image.program_header_count == 3);
  REQUIRE(image.tls);
  CHECK(image.tls->memory_size == 0x8a);
  CHECK_FALSE(image.interpreter);
  CHECK_FALSE(image.note);
}

TEST_CASE("a movable program keeps its largest power-of-two alignment") {
  ElfBuilder elf = ElfBuilder::movable();
  elf.table[0].p_align = 0x200000;
  elf.table[1].p_align = 0x300000;
  const Image image = accepted(elf);
  CHECK(image.kind == Image::Kind::Movable);
  CHECK(image.alignment == 0x200000);
}

TEST_CASE("the stack is executable only if PT_GNU_STACK says so") {
  ElfBuilder elf = ElfBuilder::usual();
  CHECK(accepted(elf).stack == StackKind::NoExecute);
  elf.add(PT_GNU_STACK, 0, 0, 0, 0, PF_R | PF_W, 16);
  CHECK(accepted(elf).stack == StackKind::NoExecute);
  elf.table.back().p_flags |= PF_X;
  CHECK(accepted(elf).stack == StackKind::Execute);
}

TEST_CASE("the program header table is found through PT_PHDR when no segment carries it") {
  ElfBuilder elf;
  elf.load(0x1000, 0x401000, 0x1000, 0x1000, PF_R | PF_X);
  CHECK_FALSE(accepted(elf).program_headers);
  elf.add(PT_PHDR, 64, 0x401040, 112, 112, PF_R, 8);
  CHECK(accepted(elf).program_headers == 0x401040);
}

TEST_CASE("the first PT_INTERP counts, up to its first NUL") {
  ElfBuilder elf = ElfBuilder::usual();
  elf.interpreter(std::string_view("/lib/ld.so\0junk\0", 16));
  elf.add(PT_INTERP, 0, 0, 0, 0, PF_R, 1);
  CHECK(accepted(elf).interpreter == "/lib/ld.so");
}

TEST_CASE("empty PT_LOADs are left out") {
  ElfBuilder elf = ElfBuilder::usual();
  elf.load(0x2000, 0x100000, 0, 0, PF_R);
  CHECK(accepted(elf).segments.size() == 2);
}

TEST_CASE("neighbours may share a page") {
  ElfBuilder elf;
  elf.load(0, 0x400000, 0x1800, 0x1800, PF_R | PF_X);
  elf.load(0x1800, 0x401800, 0x100, 0x100, PF_R | PF_W);
  CHECK(accepted(elf).segments.size() == 2);
}

TEST_CASE("a segment of zero pages needs no agreeing file offset") {
  ElfBuilder elf = ElfBuilder::usual();
  elf.load(0x123, 0x500000, 0, 0x1000, PF_R | PF_W);
  CHECK(accepted(elf).segments.size() == 3);
}

TEST_CASE("files that are no ELF files are refused") {
  const auto kind_of = [](std::string_view text) {
    return parse(MemorySource(std::as_bytes(std::span(text)))).error().kind;
  };
  CHECK(kind_of("") == RejectKind::Empty);
  CHECK(kind_of("x") == RejectKind::NotElf);
  CHECK(kind_of("hello, world\n") == RejectKind::NotElf);
  CHECK(kind_of("#!/bin/sh\n") == RejectKind::NotElf);
  CHECK(kind_of("\177EL") == RejectKind::NotElf);
  CHECK(kind_of("\177ELF") == RejectKind::CutHeader);
}

TEST_CASE("a program of another machine is refused by name") {
  ElfBuilder elf = ElfBuilder::usual();
  elf.header.e_machine = EM_AARCH64;
  check_refused(elf, RejectKind::WrongMachine, "its ELF machine is AArch64");
  elf.header.e_machine = 4711;
  check_refused(elf, RejectKind::WrongMachine, "its ELF machine is machine 4711");

  elf.header.e_machine = EM_386;
  elf.header.e_ident[EI_CLASS] = ELFCLASS32;
  check_refused(elf, RejectKind::WrongClass, "its ELF class is 32-bit (Intel 80386)");
  elf.header.e_ident[EI_CLASS] = 9;
  check_refused(elf, RejectKind::WrongClass, "its ELF class is 9");

  elf.header.e_ident[EI_CLASS] = ELFCLASS64;
  elf.header.e_ident[EI_DATA] = ELFDATA2MSB;
  elf.header.e_machine = __builtin_bswap16(EM_S390);
  check_refused(elf, RejectKind::WrongByteOrder, "its byte order is big-endian (IBM S/390)");
  elf.header.e_ident[EI_DATA] = 0;
  CHECK(parse_built(elf).error().kind == RejectKind::WrongByteOrder);
}

TEST_CASE("a 32-bit file shorter than a 64-bit header is called 32-bit") {
  ElfBuilder elf;
  elf.header.e_ident[EI_CLASS] = ELFCLASS32;
  elf.header.e_machine = EM_ARM;
  elf.file_size = 52;
  check_refused(elf, RejectKind::WrongClass, "its ELF class is 32-bit (ARM)");
}

TEST_CASE("object files and core dumps are refused") {
  ElfBuilder elf = ElfBuilder::usual();
  elf.header.e_type = ET_REL;
  check_refused(elf, RejectKind::WrongType, "its ELF file is an object file");
  elf.header.e_type = ET_CORE;
  check_refused(elf, RejectKind::WrongType, "its ELF file is a core dump");
}

TEST_CASE("an impossible program header table is refused") {
  ElfBuilder elf = ElfBuilder::usual();
  SECTION("none") {
    elf.table.clear();
    check_refused(elf, RejectKind::BadHeader, "it has no program headers");
  }
  SECTION("rows of another size") {
    elf.header.e_phentsize = 64;
    check_refused(elf, RejectKind::BadHeader, "its program headers are of 64 bytes, not 56");
  }
  SECTION("too many") {
    elf.header.e_phnum = 1171;
    check_refused(elf, RejectKind::BadHeader, "it has too many program headers (1171)");
  }
  SECTION("as many as can be") {
    elf.header.e_phnum = 1170;
    elf.file_size = 64 + 1170 * 56;
    CHECK(parse_built(elf));
  }
  SECTION("behind the end") {
    elf.header.e_phoff = elf.file_size - 111;
    check_refused(elf, RejectKind::Truncated, "its program header table lies beyond the end of the file (12288 bytes)");
  }
  SECTION("at the end of the world") {
    elf.header.e_phoff = ~uint64_t{0} - 10;
    CHECK(parse_built(elf).error().kind == RejectKind::Truncated);
  }
}

TEST_CASE("a file that was cut is refused wherever it was cut") {
  ElfBuilder elf = ElfBuilder::usual();
  for (const size_t size : {63, 64, 100, 64 + 111, 0x1000, 0x2f00, 0x2fff}) {
    elf.file_size = size;
    INFO("cut to " << size);
    CHECK(parse_built(elf).error().kind == (size < sizeof(Elf64_Ehdr) ? RejectKind::CutHeader : RejectKind::Truncated));
  }
}

TEST_CASE("a segment that cannot be mapped is refused") {
  ElfBuilder elf = ElfBuilder::usual();
  Elf64_Phdr& data = elf.table[1];
  SECTION("more file than memory") {
    data.p_memsz = 0xff;
    check_refused(elf, RejectKind::BadSegment, "its program header 1 is larger in the file than in memory");
  }
  SECTION("an address of the kernel") {
    data.p_vaddr = 0xffff'8000'0000'0f00;
    check_refused(elf, RejectKind::BadSegment, "its program header 1 reaches beyond the user address space");
  }
  SECTION("an end beyond user space") {
    data.p_vaddr = kTaskSize - 0x2300 + 1;
    check_refused(elf, RejectKind::BadSegment, "its program header 1 reaches beyond the user address space");
  }
  SECTION("a size that wraps") {
    data.p_memsz = ~uint64_t{0};
    check_refused(elf, RejectKind::BadSegment, "its program header 1 reaches beyond the user address space");
  }
  SECTION("offset and address that disagree") {
    data.p_offset += 1;
    check_refused(elf, RejectKind::BadSegment,
                  "its program header 1 has an address and a file offset that no page can join");
  }
  SECTION("an offset that wraps") {
    data.p_offset = ~uint64_t{0} - 0xff;
    data.p_filesz = 0x200;
    check_refused(elf, RejectKind::Truncated, "its program header 1 lies beyond the end of the file (12288 bytes)");
  }
  SECTION("overlap") {
    data.p_vaddr = 0x400f00;
    check_refused(elf, RejectKind::BadSegment, "its program header 1 overlaps the segment before it");
  }
  SECTION("wrong order") {
    data.p_vaddr = 0x300f00;
    check_refused(elf, RejectKind::BadSegment, "its program header 1 lies below the segment before it");
  }
  SECTION("nothing but empty ones") {
    elf.table.clear();
    elf.load(0, 0x400000, 0, 0, PF_R);
    check_refused(elf, RejectKind::NoSegments, "it has nothing to load");
  }
}

TEST_CASE("a damaged interpreter path is refused") {
  ElfBuilder elf = ElfBuilder::usual();
  SECTION("no NUL") {
    elf.interpreter("/lib/ld.so");
    check_refused(elf, RejectKind::BadInterpreter, "its interpreter's path has no end");
  }
  SECTION("one byte") {
    elf.interpreter(std::string_view("\0", 1));
    check_refused(elf, RejectKind::BadInterpreter, "its interpreter's path is empty");
  }
  SECTION("empty") {
    elf.interpreter(std::string_view("\0\0", 2));
    check_refused(elf, RejectKind::BadInterpreter, "its interpreter's path is empty");
  }
  SECTION("too long") {
    elf.file_size = 0x8000;
    elf.interpreter(std::string(4096, 'a') + '\0');
    check_refused(elf, RejectKind::BadInterpreter, "its interpreter's path is too long");
  }
  SECTION("just short enough") {
    elf.file_size = 0x8000;
    elf.interpreter(std::string(4095, 'a') + '\0');
    CHECK(accepted(elf).interpreter->size() == 4095);
  }
  SECTION("behind the end") {
    elf.add(PT_INTERP, 0x2ff0, 0, 0x11, 0x11, PF_R, 1);
    check_refused(elf, RejectKind::Truncated, "its interpreter's path lies beyond the end of the file (12288 bytes)");
  }
}

TEST_CASE("a source that fails is reported as such") {
  // The file claims more bytes than the source can give.
  const std::vector<std::byte> file = ElfBuilder::usual().build();
  const std::span<const std::byte> all = file;
  const MemorySource source{all.first(64), file.size()};
  CHECK(parse(source).error().kind == RejectKind::ReadFailed);
}

TEST_CASE("machines and types have names") {
  CHECK(machine_name(EM_RISCV) == "RISC-V");
  CHECK(machine_name(258) == "LoongArch");
  CHECK(machine_name(0xffff) == "machine 65535");
  CHECK(type_name(0xfe00) == "of type 65024");
}
