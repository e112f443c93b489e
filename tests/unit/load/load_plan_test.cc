#include "km/load/load_plan.h"

#include <sys/mman.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <sstream>

#include "base/checked.h"
#include "base/subprocess.h"
#include "km/elf/parser.h"
#include "km/load/layout.h"
#include "km/load/program_file.h"
#include "tests/unit/elf/elf_builder.h"

#include <fcntl.h>

using namespace kontain;
using namespace kontain::load;
using Kind = MapStep::Kind;
using test::ElfBuilder;

namespace {

elf::Image image_of(const ElfBuilder& builder) {
  const std::vector<std::byte> file = builder.build();
  auto image = elf::parse(elf::MemorySource(file));
  REQUIRE(image);
  return *image;
}

LoadPlan planned(const ElfBuilder& builder, uint64_t bias) {
  auto plan = plan_load(image_of(builder), bias);
  REQUIRE(plan);
  return *plan;
}

void check_outside(const ElfBuilder& builder, uint64_t bias) {
  const auto plan = plan_load(image_of(builder), bias);
  REQUIRE_FALSE(plan);
  CHECK(plan.error().kind == elf::RejectKind::OutsideGuest);
}

constexpr int kRX = PROT_READ | PROT_EXEC;
constexpr int kRW = PROT_READ | PROT_WRITE;

}  // namespace

TEST_CASE("a fixed program: file pages, cleared tail, anonymous rest") {
  const LoadPlan plan = planned(ElfBuilder::usual(), 0);
  const std::vector<MapStep> expected = {
      {Kind::File, 0x400000, 0x2000, 0, kRX},
      {Kind::File, 0x402000, 0x1000, 0x2000, kRW},
      {Kind::Anonymous, 0x403000, 0x3000, 0, kRW},
  };
  CHECK(plan.steps == expected);
  CHECK(plan.low == 0x400000);
  CHECK(plan.high == 0x406000);
  CHECK(plan.entry == 0x401000);
  CHECK(plan.program_headers == 0x400040);
}

TEST_CASE("a movable program is moved as a whole") {
  const uint64_t bias = 0x5566'0000'0000;
  const LoadPlan plan = planned(ElfBuilder::movable(), bias);
  CHECK(plan.steps[1] == MapStep{Kind::File, bias + 0x2000, 0x1000, 0x2000, kRW});
  CHECK(plan.entry == bias + 0x1000);
  CHECK(plan.program_headers == bias + 0x40);
  CHECK(plan.high == bias + 0x6000);
}

TEST_CASE("the last file page is cleared behind the file's bytes only where writing is allowed") {
  ElfBuilder elf = ElfBuilder::usual();
  elf.table[1].p_filesz = 0x80;
  CHECK(planned(elf, 0).steps[2] == MapStep{Kind::Zero, 0x402f80, 0x80, 0, 0});

  SECTION("read-only") {
    elf.table[1].p_flags = PF_R;
    CHECK(planned(elf, 0).steps[2].kind == Kind::Anonymous);
  }
  SECTION("no bss") {
    elf.table[1].p_memsz = 0x80;
    CHECK(planned(elf, 0).steps.size() == 2);
  }
  SECTION("bss that ends on the same page") {
    elf.table[1].p_memsz = 0x90;
    const LoadPlan plan = planned(elf, 0);
    REQUIRE(plan.steps.size() == 3);
    CHECK(plan.steps[2].length == 0x80);
  }
}

TEST_CASE("a segment without file bytes is anonymous from its first page") {
  ElfBuilder elf = ElfBuilder::usual();
  elf.load(0, 0x500800, 0, 0x900, PF_R | PF_W);
  CHECK(planned(elf, 0).steps.back() == MapStep{Kind::Anonymous, 0x500000, 0x2000, 0, kRW});
}

TEST_CASE("the file offset of a step is a page's") {
  ElfBuilder elf;
  elf.load(0, 0x400000, 0x1800, 0x1800, PF_R | PF_X);
  elf.load(0x1234, 0x402234, 0x100, 0x100, PF_R);
  const LoadPlan plan = planned(elf, 0);
  CHECK(plan.steps[1] == MapStep{Kind::File, 0x402000, 0x1000, 0x1000, PROT_READ});
}

TEST_CASE("what is not the guest's is refused") {
  SECTION("the first 64 KiB") {
    ElfBuilder elf;
    elf.header.e_entry = 0x10000;
    elf.load(0, 0xf000, 0x2000, 0x2000, PF_R | PF_X);
    check_outside(elf, 0);
  }
  SECTION("across the gap") {
    ElfBuilder elf = ElfBuilder::usual();
    elf.load(0, 0x5555'3fff'f000, 0x1000, 0x2000, PF_R);
    check_outside(elf, 0);
  }
  SECTION("in the gap") { check_outside(ElfBuilder::movable(), 0x5555'5555'4000); }
  SECTION("up to the top, not beyond") {
    CHECK(plan_load(image_of(ElfBuilder::movable()), mem::kGuestTop - 0x6000));
    check_outside(ElfBuilder::movable(), mem::kGuestTop - 0x5000);
  }
  SECTION("an entry in the monitor") {
    ElfBuilder elf = ElfBuilder::usual();
    elf.header.e_entry = mem::kGuestTop;
    check_outside(elf, 0);
    elf.header.e_entry = ~uint64_t{0};
    check_outside(elf, 0);
  }
}

// What readelf(1) says about real programs, turned into the sums that a plan must have.
TEST_CASE("plans of real programs agree with readelf") {
  for (const char* path : {"/bin/busybox", "/bin/ls"}) {
    if (!std::filesystem::exists(path)) {
      WARN("not here: " << path);
      continue;
    }
    INFO(path);
    const auto run = run_subprocess({"readelf", "-lW", path});
    REQUIRE(run);
    uint64_t pages = 0, end = 0, entry = 0, loads = 0;
    std::istringstream lines(run->out);
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("Entry point ")) entry = std::stoull(line.substr(12), nullptr, 16);
      std::istringstream words(line);
      std::string type, offset, address, physical, file_size, memory_size;
      words >> type >> offset >> address >> physical >> file_size >> memory_size;
      if (type != "LOAD") continue;
      const uint64_t start = std::stoull(address, nullptr, 16);
      end = (start + std::stoull(memory_size, nullptr, 16) + 4095) / 4096;
      pages += end - start / 4096;
      ++loads;
    }
    REQUIRE(loads > 0);

    auto file = ProgramFile::from_fd(UniqueFd(open(path, O_RDONLY | O_CLOEXEC)));
    REQUIRE(file);
    const auto image = elf::parse(*file);
    REQUIRE(image);
    const uint64_t bias = choose_bias(*image, mem::kHighStart);
    const auto plan = plan_load(*image, bias);
    REQUIRE(plan);
    uint64_t mapped = 0;
    for (const MapStep& step : plan->steps) mapped += step.kind == Kind::Zero ? 0 : step.length;
    CHECK(mapped == pages * 4096);
    CHECK(plan->high - bias == end * 4096);
    CHECK(plan->entry - bias == entry);
    CHECK(plan->program_headers - bias == image->low() + 64);
  }
}
