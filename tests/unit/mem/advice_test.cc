// madvise(2), mseal(2), and the locking of pages.
#include <sys/mman.h>
#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <fstream>
#include <string>

#include "tests/unit/mem/space.h"

using namespace kontain;
using namespace kontain::mem;
using namespace kontain::mem::test;

namespace {

int error_of(const GuestResult<void>& result) { return result ? 0 : result.error().value; }

long locked_kib() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    if (word != "VmLck:") continue;
    long value = 0;
    status >> value;
    return value;
  }
  return -1;
}

}  // namespace

TEST_CASE("advice: contents go; what is touched again comes in parts") {
  NEEDS_RANGES();
  Space s;
  const uint64_t at = s.map(4 * 4096);
  for (const int advice : {MADV_DONTNEED, MADV_FREE, MADV_COLD, MADV_PAGEOUT, MADV_WILLNEED, MADV_POPULATE_WRITE}) {
    INFO(advice);
    word_at(at) = 1;
    CHECK(error_of(s.memory.advise(at, 4 * 4096, advice)) == 0);
    CHECK((s.tables.leaf(at) == 0) == (advice == MADV_DONTNEED));
    CHECK_FALSE(s.memory.handle_fault(at + 4096, x86::kFaultWrite));
    CHECK(s.tables.leaf(at) & x86::kPteWrite);
  }
  const uint64_t shared = s.map(4096, kReadWrite, MAP_SHARED | MAP_ANONYMOUS);
  word_at(shared) = 1;
  CHECK(error_of(s.memory.advise(shared, 4096, MADV_REMOVE)) == 0);
  CHECK(word_at(shared) == 0);
  CHECK(error_of(s.memory.advise(shared, 4096, MADV_FREE)) == EINVAL);
  CHECK(s.consistent());
}

TEST_CASE("advice: holes are ENOMEM, after what is mapped was advised") {
  NEEDS_RANGES();
  Space s;
  const uint64_t at = s.map(3 * 4096);
  word_at(at + 2 * 4096) = 1;
  REQUIRE(s.memory.unmap(at + 4096, 4096));
  CHECK(error_of(s.memory.advise(at, 3 * 4096, MADV_DONTNEED)) == ENOMEM);
  CHECK(word_at(at + 2 * 4096) == 0);
  CHECK(error_of(s.memory.advise(at, 3 * 4096, MADV_DONTDUMP)) == ENOMEM);
  CHECK(error_of(s.memory.advise(at, 3 * 4096, MADV_POPULATE_READ)) == ENOMEM);
  CHECK(error_of(s.memory.advise(at + 1, 4096, MADV_DONTNEED)) == EINVAL);
  CHECK(error_of(s.memory.advise(at, 0, MADV_DONTNEED)) == 0);
  CHECK(error_of(s.memory.advise(at, 4096, 102 /* MADV_GUARD_INSTALL */)) == EINVAL);
  CHECK(error_of(s.memory.advise(kGuestTop + (1ull << 40), 4096, MADV_DONTNEED)) == ENOMEM);
}

TEST_CASE("advice: what is not to be dumped is remembered page by page") {
  NEEDS_RANGES();
  Space s;
  const uint64_t at = s.map(3 * 4096);
  REQUIRE(s.memory.advise(at + 4096, 2 * 4096, MADV_DONTDUMP));
  REQUIRE(s.memory.advise(at + 2 * 4096, 4096, MADV_DODUMP));
  std::vector<bool> skipped;
  s.memory.for_each_mapping([&](const MappingView& view) { skipped.push_back(view.dont_dump); });
  CHECK(skipped == std::vector<bool>{false, true, false});
}

TEST_CASE("seal: a sealed mapping stays as it is") {
  NEEDS_RANGES();
  Space s;
  const uint64_t at = s.map(4 * 4096);
  CHECK(error_of(s.memory.seal(at + 1, 4096)) == EINVAL);
  CHECK(error_of(s.memory.seal(at, 5ull << 40)) == ENOMEM);
  REQUIRE(s.memory.seal(at + 4096, 4096));
  CHECK(error_of(s.memory.unmap(at, 4 * 4096)) == EPERM);
  CHECK(error_of(s.memory.protect(at + 4096, 4096, PROT_READ)) == EPERM);
  CHECK(s.map_error({at, 8192, kReadWrite, kAnonymous | MAP_FIXED, -1, 0}) == EPERM);
  CHECK(s.memory.remap(at + 4096, 4096, 8192, MREMAP_MAYMOVE, 0).error() == Errno{EPERM});
  CHECK(error_of(s.memory.advise(at, 8192, MADV_DONTNEED)) == EPERM);
  word_at(at + 4096) = 1;
  CHECK(error_of(s.memory.unmap(at + 2 * 4096, 2 * 4096)) == 0);
  CHECK(s.consistent());
}

TEST_CASE("locking: pages of the payload are locked, range by range, and let go") {
  NEEDS_RANGES();
  Space s;
  const uint64_t at = s.map(4 * 4096);
  const long before = locked_kib();
  REQUIRE(error_of(s.memory.lock_pages(at + 100, 4096, 0)) == 0);
  CHECK(locked_kib() == before + 8);
  CHECK(error_of(s.memory.unlock_pages(at, 2 * 4096)) == 0);
  CHECK(locked_kib() == before);
  CHECK(error_of(s.memory.lock_pages(at + 3 * 4096, 2 * 4096, MLOCK_ONFAULT)) == ENOMEM);
  REQUIRE(s.memory.protect(at, 4096, PROT_NONE));
  CHECK(error_of(s.memory.lock_pages(at, 4096, 0)) == ENOMEM);
  CHECK(error_of(s.memory.lock_pages(~0ull - 4096, 8192, 0)) == EINVAL);
  CHECK(error_of(s.memory.unlock_pages(at, 4 * 4096)) == 0);
  CHECK(locked_kib() == before);
}

TEST_CASE("locking: mlockall takes what there is and what comes, never the reservation") {
  NEEDS_RANGES();
  Space s;
  s.map(4 * 4096);
  const long before = locked_kib();
  CHECK(error_of(s.memory.lock_all(0)) == EINVAL);
  CHECK(error_of(s.memory.lock_all(MCL_ONFAULT)) == EINVAL);
  CHECK(error_of(s.memory.lock_all(64)) == EINVAL);
  REQUIRE(error_of(s.memory.lock_all(MCL_CURRENT | MCL_FUTURE)) == 0);
  CHECK(locked_kib() == before + 16);
  const uint64_t later = s.map(8192);
  CHECK(locked_kib() == before + 24);
  REQUIRE(s.memory.unmap(later, 8192));
  CHECK(locked_kib() == before + 16);
  REQUIRE(error_of(s.memory.unlock_all()) == 0);
  CHECK(locked_kib() == before);
  s.map(8192);
  CHECK(locked_kib() == before);
}
