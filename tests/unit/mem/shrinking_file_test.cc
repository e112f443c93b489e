// Files that get shorter under a mapping: only the pages that are gone are SIGBUS, and finding out costs what was
// touched.
#include <signal.h>
#include <sys/mman.h>

#include <catch2/catch.hpp>
#include <thread>

#include "tests/unit/mem/space.h"

using namespace kontain;
using namespace kontain::mem;
using namespace kontain::mem::test;

namespace {

void lose_entries(Space& s) {
  HostFaults faults;
  REQUIRE(s.memory.retry_after_host_fault(faults));
  REQUIRE(s.memory.retry_after_host_fault(faults));
}

}  // namespace

TEST_CASE("shrinking file: the first failure may be another thread's change and costs nothing") {
  NEEDS_RANGES();
  Space s;
  const UniqueFd file = temporary_file(4096);
  const uint64_t at = s.memory.map({0, 4096, PROT_READ, MAP_SHARED, file.get(), 0}).value();
  HostFaults faults;
  for (int i = 0; i < 10; ++i) {
    REQUIRE(s.memory.retry_after_host_fault(faults));
    CHECK(s.tables.leaf(at) != 0);
    s.map(4096);  // something changes each time
  }
  CHECK(s.memory.retry_after_host_fault(faults));
  CHECK(s.memory.retry_after_host_fault(faults));
  CHECK(s.tables.leaf(at) == 0);
}

TEST_CASE("shrinking file: a page that cannot be had at all ends in a signal, not in a loop") {
  NEEDS_RANGES();
  Space s;
  HostFaults faults;
  int tries = 0;
  while (s.memory.retry_after_host_fault(faults)) REQUIRE(++tries < 100);
  faults = {};
  tries = 0;
  while (s.memory.retry_after_host_fault(faults)) {
    s.map(4096);
    REQUIRE(++tries < 200);
  }
}

TEST_CASE("shrinking file: entries come back only for pages that are there") {
  NEEDS_RANGES();
  Space s;
  const UniqueFd file = temporary_file(64 * 4096);
  const uint64_t at = s.memory.map({0, 64 * 4096, kReadWrite, MAP_SHARED, file.get(), 0}).value();
  const uint64_t anonymous = s.map(4096);
  REQUIRE(ftruncate(file.get(), 5 * 4096) == 0);
  lose_entries(s);
  CHECK(s.tables.leaf(anonymous) != 0);
  const auto fault = s.memory.handle_fault(at + 5 * 4096, 0);
  REQUIRE(fault);
  CHECK(fault->signal == SIGBUS);
  CHECK(fault->code == BUS_ADRERR);
  CHECK_FALSE(s.memory.handle_fault(at, 0));
  // Reading says nothing about writing: a full file system refuses only that.
  CHECK_FALSE(s.tables.leaf(at) & x86::kPteWrite);
  CHECK_FALSE(s.memory.handle_fault(at, x86::kFaultWrite | x86::kFaultPresent));
  CHECK(s.tables.leaf(at) & x86::kPteWrite);
  CHECK(s.memory.handle_fault(at + 6 * 4096, x86::kFaultWrite)->signal == SIGBUS);
  CHECK_FALSE(s.memory.handle_fault(at + 4 * 4096, 0));
  CHECK(s.tables.leaf(at + 5 * 4096) == 0);
  CHECK(s.consistent());
}

TEST_CASE("shrinking file: pages next to one that was read come with it") {
  NEEDS_RANGES();
  Space s;
  const UniqueFd file = temporary_file(64 * 4096);
  const uint64_t at = s.memory.map({kHighStart, 64 * 4096, PROT_READ, MAP_SHARED | MAP_FIXED, file.get(), 0}).value();
  lose_entries(s);
  CHECK_FALSE(s.memory.handle_fault(at + 20 * 4096, 0));
  CHECK(s.tables.leaf(at + 16 * 4096) != 0);
  CHECK(s.tables.leaf(at + 31 * 4096) != 0);
  CHECK(s.tables.leaf(at + 32 * 4096) == 0);
}

TEST_CASE("shrinking file: large files get their entries by fault, a part at a time") {
  NEEDS_RANGES();
  Space s;
  const UniqueFd file = temporary_file(1ll << 40);
  const size_t slots = s.slots.slots.size();
  const uint64_t at = s.memory.map({0, 1ull << 40, PROT_READ, MAP_SHARED, file.get(), 0}).value();
  CHECK(s.slots.slots.size() <= slots + 3);
  const uint64_t far = at + (777ull << 30);
  CHECK(s.tables.leaf(far) == 0);
  CHECK_FALSE(s.memory.handle_fault(far, 0));
  CHECK(s.tables.leaf(far) != 0);
  CHECK(s.slots.slots.size() <= slots + 4);
}

TEST_CASE("shrinking file: threads that fault and threads that map do not disturb each other") {
  NEEDS_RANGES();
  Space s;
  const UniqueFd file = temporary_file(256 * 4096);
  const uint64_t at = s.memory.map({0, 512 * 4096, PROT_READ, MAP_SHARED, file.get(), 0}).value();
  std::atomic<int> wrong = 0;
  std::atomic<bool> stop = false;
  std::thread mapper([&] {
    while (!stop) s.memory.unmap(s.map(4096), 4096);
  });
  std::vector<std::thread> readers;
  for (int t = 0; t < 2; ++t) {
    readers.emplace_back([&, t] {
      HostFaults faults;
      for (uint64_t i = 0; i < 2000; ++i) {
        const uint64_t page = (i * 7 + static_cast<uint64_t>(t)) % 512;
        if (i % 50 == 0 && !s.memory.retry_after_host_fault(faults)) faults = {};
        const auto fault = s.memory.handle_fault(at + page * 4096, 0);
        if (fault.has_value() != (page >= 256)) ++wrong;
        if (fault && fault->signal != SIGBUS) ++wrong;
      }
    });
  }
  for (std::thread& reader : readers) reader.join();
  stop = true;
  mapper.join();
  CHECK(wrong == 0);
  CHECK(s.consistent());
}
