// The parser against files of this machine, and against what readelf(1) says about them.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/subprocess.h"
#include "km/elf/parser.h"

using namespace kontain;
using namespace kontain::elf;

namespace {

std::vector<std::byte> contents(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::vector<char> bytes((std::istreambuf_iterator<char>(stream)), {});
  const auto* first = reinterpret_cast<const std::byte*>(bytes.data());
  return {first, first + bytes.size()};
}

struct ReadelfLoad {
  uint64_t offset, address, file_size, memory_size;
  uint32_t flags;
};

struct ReadelfFacts {
  uint64_t entry = 0;
  std::vector<ReadelfLoad> loads;
  std::string interpreter;
};

uint32_t flags_of(const std::string& words) {
  uint32_t flags = 0;
  if (words.find('R') != words.npos) flags |= kRead;
  if (words.find('W') != words.npos) flags |= kWrite;
  if (words.find('E') != words.npos) flags |= kExecute;
  return flags;
}

ReadelfFacts ask_readelf(const std::string& path) {
  const auto run = run_subprocess({"readelf", "-lW", path});
  REQUIRE(run);
  REQUIRE(run->exit_code == 0);
  ReadelfFacts facts;
  std::istringstream lines(run->out);
  for (std::string line; std::getline(lines, line);) {
    constexpr std::string_view kEntry = "Entry point ", kInterpreter = "[Requesting program interpreter: ";
    if (line.starts_with(kEntry)) facts.entry = std::stoull(line.substr(kEntry.size()), nullptr, 16);
    if (const size_t at = line.find(kInterpreter); at != line.npos) {
      facts.interpreter = line.substr(at + kInterpreter.size());
      facts.interpreter.pop_back();
    }
    std::istringstream words(line);
    std::string type, offset, address, physical, file_size, memory_size;
    words >> type;
    if (type != "LOAD") continue;
    words >> offset >> address >> physical >> file_size >> memory_size;
    std::string flags;
    std::getline(words, flags);
    flags = flags.substr(0, flags.rfind("0x"));
    facts.loads.push_back({std::stoull(offset, nullptr, 16), std::stoull(address, nullptr, 16),
                           std::stoull(file_size, nullptr, 16), std::stoull(memory_size, nullptr, 16),
                           flags_of(flags)});
  }
  return facts;
}

void check_against_readelf(const std::string& path) {
  INFO(path);
  const std::vector<std::byte> file = contents(path);
  const auto image = parse(MemorySource(file));
  REQUIRE(image);
  const ReadelfFacts facts = ask_readelf(path);
  CHECK(image->entry == facts.entry);
  CHECK(image->interpreter.value_or("") == facts.interpreter);
  REQUIRE(image->segments.size() == facts.loads.size());
  REQUIRE_FALSE(facts.loads.empty());
  for (size_t i = 0; i < facts.loads.size(); ++i) {
    CHECK(image->segments[i].offset == facts.loads[i].offset);
    CHECK(image->segments[i].address == facts.loads[i].address);
    CHECK(image->segments[i].file_size == facts.loads[i].file_size);
    CHECK(image->segments[i].memory_size == facts.loads[i].memory_size);
    CHECK(image->segments[i].flags == facts.loads[i].flags);
  }
}

}  // namespace

TEST_CASE("programs of this machine are read as readelf reads them") {
  for (const char* path : {"/bin/true", "/bin/ls", "/bin/busybox", "/proc/self/exe", "/lib64/ld-linux-x86-64.so.2"}) {
    if (!std::filesystem::exists(path)) {
      WARN("not here: " << path);
      continue;
    }
    check_against_readelf(std::filesystem::canonical(path));
  }
}

TEST_CASE("the dynamic linker is movable and needs no interpreter") {
  const std::vector<std::byte> file = contents("/lib64/ld-linux-x86-64.so.2");
  const auto image = parse(MemorySource(file));
  REQUIRE(image);
  CHECK(image->kind == Image::Kind::Movable);
  CHECK_FALSE(image->interpreter);
  CHECK(image->stack == StackKind::NoExecute);
}
