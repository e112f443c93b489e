#include "km/core/core_writer.h"

#include <elf.h>
#include <sys/mman.h>
#include <sys/procfs.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <map>
#include <span>

#include "km/core/core_notes.h"

using namespace kontain;
using namespace kontain::core;

namespace {

constexpr uint64_t kPage = 4096;
constexpr uint64_t kBase = 0x10000000;

// Pages that read as their own number's byte; every other page is zero, or cannot be read.
class FakeMemory final : public CoreMemory {
 public:
  std::map<uint64_t, uint8_t> pages;  // page address -> the byte it is full of
  std::vector<uint64_t> unreadable;
  bool elf = false;  // every read of a few bytes finds an ELF header
  uint64_t reads = 0;

  bool read(uint64_t address, void* to, size_t size) override {
    ++reads;
    if (size < kPage) return elf && std::memcpy(to, ELFMAG, size) != nullptr;
    for (uint64_t page = address; page < address + size; page += kPage) {
      if (std::count(unreadable.begin(), unreadable.end(), page) != 0) return false;
      const auto found = pages.find(page);
      std::memset(static_cast<char*>(to) + (page - address), found == pages.end() ? 0 : found->second, kPage);
    }
    return true;
  }
  uint64_t next_populated(uint64_t address, uint64_t end) override {
    const auto next = pages.lower_bound(address);
    return unreadable.empty() ? (next == pages.end() ? end : std::min(next->first, end)) : address;
  }
};

CoreMapping anonymous(uint64_t start, uint64_t pages) {
  return {.start = start, .end = start + pages * kPage, .protection = PROT_READ | PROT_WRITE, .written = true};
}

CoreInput small_input() {
  CoreInput input;
  input.threads.resize(1);
  input.threads[0].tid = 7;
  input.signal.si_signo = SIGSEGV;
  return input;
}

// A core in an unnamed file.
class Core {
 public:
  Core(const CoreInput& input, CoreMemory& memory) : file_(memfd_create("core", MFD_CLOEXEC)) {
    const auto written = write_core(input, memory, file_);
    REQUIRE(written);
    written_ = *written;
  }
  const CoreWritten& written() const { return written_; }
  uint64_t size() const {
    struct stat status = {};
    fstat(file_.get(), &status);
    return static_cast<uint64_t>(status.st_size);
  }
  uint64_t disk_bytes() const {
    struct stat status = {};
    fstat(file_.get(), &status);
    return static_cast<uint64_t>(status.st_blocks) * 512;
  }
  template <class T>
  T at(uint64_t offset) const {
    T value{};
    REQUIRE(pread(file_.get(), &value, sizeof value, static_cast<off_t>(offset)) == static_cast<ssize_t>(sizeof value));
    return value;
  }
  Elf64_Phdr segment(size_t index) const { return at<Elf64_Phdr>(sizeof(Elf64_Ehdr) + index * sizeof(Elf64_Phdr)); }

 private:
  UniqueFd file_;
  CoreWritten written_;
};

uint64_t dumped_pages(CoreMapping mapping, uint32_t filter = kDefaultFilter, bool elf = false) {
  FakeMemory memory;
  memory.elf = elf;
  return dump_size(mapping, filter, memory) / kPage;
}

}  // namespace

TEST_CASE("what Linux dumps of a mapping by default") {
  CoreMapping mapping = anonymous(kBase, 3);
  CHECK(dumped_pages(mapping) == 3);
  mapping.dont_dump = true;
  CHECK(dumped_pages(mapping) == 0);

  CoreMapping file = {.start = kBase, .end = kBase + 3 * kPage, .protection = PROT_READ, .backing = Backing::File};
  CHECK(dumped_pages(file) == 0);
  CHECK(dumped_pages(file, kDefaultFilter, true) == 1);
  CHECK(dumped_pages(file, kAnonymousPrivate, true) == 0);
  CHECK(dumped_pages(file, kFilePrivate) == 3);
  file.file_offset = kPage;
  CHECK(dumped_pages(file, kDefaultFilter, true) == 0);
  file.written = true;
  CHECK(dumped_pages(file) == 3);

  CoreMapping shared = {.start = kBase, .end = kBase + kPage, .backing = Backing::File, .shared = true};
  CHECK(dumped_pages(shared) == 0);
  CHECK(dumped_pages(shared, kFileShared) == 1);
  shared.backing = Backing::UnlinkedFile;
  CHECK(dumped_pages(shared) == 1);
  shared.backing = Backing::Device;
  CHECK(dumped_pages(shared, ~0U) == 0);
  shared.backing = Backing::Vdso;
  CHECK(dumped_pages(shared, 0) == 1);
}

TEST_CASE("segments describe every mapping, their contents follow in order") {
  CoreInput input = small_input();
  input.mappings = {anonymous(kBase, 2), anonymous(kBase + 8 * kPage, 1)};
  input.mappings[1].protection = PROT_READ | PROT_EXEC;
  FakeMemory memory;
  memory.pages = {{kBase + kPage, 0xab}, {kBase + 8 * kPage, 0xcd}};
  const Core core(input, memory);
  CHECK(core.at<Elf64_Ehdr>(0).e_phnum == 3);
  CHECK(core.segment(0).p_type == PT_NOTE);
  const Elf64_Phdr first = core.segment(1);
  const Elf64_Phdr second = core.segment(2);
  CHECK(first.p_type == PT_LOAD);
  CHECK(first.p_offset % kPage == 0);
  CHECK(first.p_flags == (PF_R | PF_W));
  CHECK(second.p_flags == (PF_R | PF_X));
  CHECK(second.p_offset == first.p_offset + 2 * kPage);
  CHECK(core.at<uint8_t>(first.p_offset) == 0);
  CHECK(core.at<uint8_t>(first.p_offset + kPage) == 0xab);
  CHECK(core.at<uint8_t>(second.p_offset + kPage - 1) == 0xcd);
  CHECK(core.size() == second.p_offset + kPage);
}

TEST_CASE("a page that cannot be read is a hole among its neighbours") {
  CoreInput input = small_input();
  input.mappings = {anonymous(kBase, 3)};
  FakeMemory memory;
  memory.pages = {{kBase, 1}, {kBase + kPage, 2}, {kBase + 2 * kPage, 3}};
  memory.unreadable = {kBase + kPage};
  const Core core(input, memory);
  const uint64_t at = core.segment(1).p_offset;
  CHECK(core.at<uint8_t>(at) == 1);
  CHECK(core.at<uint8_t>(at + kPage) == 0);
  CHECK(core.at<uint8_t>(at + 2 * kPage) == 3);
}

TEST_CASE("a reserved terabyte is neither read nor stored") {
  CoreInput input = small_input();
  input.mappings = {anonymous(kBase, 1ULL << 28)};
  FakeMemory memory;
  memory.pages = {{kBase + 5 * kPage, 9}};
  const Core core(input, memory);
  CHECK(core.size() == core.segment(1).p_offset + (1ULL << 40));
  CHECK(core.disk_bytes() < (1 << 20));
  CHECK(memory.reads < 4);
  CHECK(core.at<uint8_t>(core.segment(1).p_offset + 5 * kPage) == 9);
}

TEST_CASE("RLIMIT_CORE counts what is written") {
  CoreInput input = small_input();
  input.mappings = {anonymous(kBase, 512), anonymous(kBase + 1024 * kPage, 4)};
  FakeMemory memory;
  for (uint64_t page = 0; page < 4; ++page) memory.pages[kBase + (1024 + page) * kPage] = 1;
  const Core whole(input, memory);
  CHECK_FALSE(whole.written().truncated);
  const uint64_t headers = sizeof(Elf64_Ehdr) + 3 * sizeof(Elf64_Phdr) + whole.segment(0).p_filesz;

  input.limit = headers + 4 * kPage;
  CHECK_FALSE(Core(input, memory).written().truncated);
  input.limit = headers + 4 * kPage - 1;
  const Core cut(input, memory);
  CHECK(cut.written().truncated);
  CHECK(cut.size() == whole.size() - kPage);
  input.limit = headers - 1;
  CHECK(Core(input, memory).size() == headers - whole.segment(0).p_filesz);
}

TEST_CASE("more segments than the header can count") {
  CoreInput input = small_input();
  for (uint64_t i = 0; i < PN_XNUM; ++i) {
    input.mappings.push_back({.start = kBase + i * 2 * kPage, .end = kBase + (i * 2 + 1) * kPage});
  }
  FakeMemory memory;
  const Core core(input, memory);
  const auto header = core.at<Elf64_Ehdr>(0);
  CHECK(header.e_phnum == PN_XNUM);
  CHECK(header.e_shnum == 1);
  CHECK(core.at<Elf64_Shdr>(header.e_shoff).sh_info == PN_XNUM + 1);
}

TEST_CASE("the notes hold what was given") {
  CoreInput input = small_input();
  input.process = {.pid = 5,
                   .ppid = 4,
                   .pgrp = 3,
                   .sid = 2,
                   .name = "a name that is too long",
                   .arguments = {std::string(60, 'x'), std::string(60, 'y')}};
  input.threads[0].registers.rip = 0x1234;
  input.threads[0].registers.gs_base = 0x5678;
  input.threads[0].held = 1 << 11;
  input.threads[0].pending = 1 << 9;
  input.xcr0 = 7;
  input.threads[0].xsave.resize(832);
  const std::vector<std::byte> notes = core_notes(input);
  const auto* bytes = reinterpret_cast<const char*>(notes.data());

  elf_prstatus status{};
  std::memcpy(&status, bytes + 20, sizeof status);
  CHECK(status.pr_pid == 7);
  CHECK(status.pr_ppid == 4);
  CHECK(status.pr_pgrp == 3);
  CHECK(status.pr_sid == 2);
  CHECK(status.pr_cursig == SIGSEGV);
  CHECK(status.pr_sigpend == 1 << 9);
  CHECK(status.pr_sighold == 1 << 11);
  user_regs_struct registers{};
  std::memcpy(&registers, &status.pr_reg, sizeof registers);
  CHECK(registers.rip == 0x1234);
  CHECK(registers.gs_base == 0x5678);

  elf_prpsinfo info{};
  std::memcpy(&info, bytes + 20 + sizeof status + 20, sizeof info);
  CHECK(std::string(info.pr_fname) == "a name that is ");
  CHECK(std::string(info.pr_psargs) == std::string(60, 'x') + " " + std::string(18, 'y'));

  uint64_t mask = 0;
  std::memcpy(&mask, bytes + notes.size() - 832 + 464, sizeof mask);
  CHECK(mask == 7);
}
