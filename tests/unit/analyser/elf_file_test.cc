#include "linker/analyser/elf_file.h"

#include <catch2/catch.hpp>

#include "linker/analyser/program.h"
#include "linker/analyser/verdict.h"

namespace kontain::analyser {
namespace {

// This test: a dynamic executable with everything that one can have.
std::vector<uint8_t> own_file() { return read_file("/proc/self/exe").value(); }

}  // namespace

TEST_CASE("a program's facts are read") {
  const auto file = ElfFile::parse(own_file());
  REQUIRE(file);
  CHECK(file->is_dynamic());
  CHECK(file->interpreter() == "/lib64/ld-linux-x86-64.so.2");
  const auto& needed = file->needed();
  CHECK(std::find(needed.begin(), needed.end(), "libc.so.6") != needed.end());
  CHECK(file->frames().size() > 100);
  CHECK_FALSE(file->code().empty());
  CHECK_FALSE(file->relocations().empty());
}

TEST_CASE("what is no ELF64 file of this byte order is refused") {
  CHECK_FALSE(ElfFile::parse({}));
  CHECK_FALSE(ElfFile::parse({0x7f, 'E', 'L', 'F'}));
  std::vector<uint8_t> bytes = own_file();
  bytes[EI_CLASS] = ELFCLASS32;
  CHECK(ElfFile::parse(bytes).error().reason == "a 32-bit program");
  CHECK_FALSE(ElfFile::open("/nonexistent"));
  CHECK_FALSE(ElfFile::open("/dev/null"));
}

TEST_CASE("a file that is cut anywhere is refused or read without harm") {
  const std::vector<uint8_t> whole = own_file();
  for (size_t size = 0; size < whole.size(); size += 1 + whole.size() / 61) {
    ElfFile::parse({whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size)});
  }
}

TEST_CASE("headers with any bytes are refused or read without harm") {
  const std::vector<uint8_t> whole = own_file();
  uint32_t seed = 7;
  const auto next = [&] { return seed = seed * 1664525 + 1013904223; };
  const size_t table = sizeof(Elf64_Ehdr) + whole[offsetof(Elf64_Ehdr, e_phnum)] * sizeof(Elf64_Phdr);
  for (int round = 0; round < 60; ++round) {
    std::vector<uint8_t> bytes = whole;
    for (int i = 0; i < 3; ++i) bytes[5 + (next() >> 8) % (table - 5)] = static_cast<uint8_t>(next() >> 24);
    ElfFile::parse(std::move(bytes));
  }
}

TEST_CASE("a verdict follows from what is missing and what is refused") {
  Report report;
  CHECK(report.verdict() == Verdict::Runs);
  report.notes.emplace_back("a");
  CHECK(report.verdict() == Verdict::RunsWithNotes);
  report.problems.emplace_back("b");
  CHECK(report.verdict() == Verdict::WillNotRun);
}

TEST_CASE("what a run did is added once") {
  Report report;
  merge_learned(report, {"getpid", "read", "no_such_call", "getpid"});
  REQUIRE(report.calls.size() == 2);
  CHECK(report.calls[0].row->name == "read");
  CHECK(report.calls[1].learned);
}

}  // namespace kontain::analyser
