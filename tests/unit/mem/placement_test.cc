// Where mmap puts what, and that it costs nothing where nothing is touched.
#include <sys/mman.h>

#include <catch2/catch.hpp>
#include <cerrno>

#include "tests/unit/mem/space.h"

using namespace kontain;
using namespace kontain::mem;
using namespace kontain::mem::test;

TEST_CASE("placement: hints are cut to pages, raised to the lowest address, and ignored where taken") {
  NEEDS_RANGES();
  Space s;
  const uint64_t hint = kHighStart + (3ull << 30);
  CHECK(s.map(4096, kReadWrite, kAnonymous, hint + 123) == hint);
  CHECK(s.map(8192, kReadWrite, kAnonymous, hint - 4096) != hint - 4096);
  CHECK(s.map(4096, kReadWrite, kAnonymous, 0x1000) == kLowStart);
  CHECK(s.map(4096, kReadWrite, kAnonymous, kGuestTop) != 0);
  CHECK(s.map(4096, kReadWrite, kAnonymous, ~0ull) != 0);
}

TEST_CASE("placement: MAP_32BIT is about hints too") {
  NEEDS_RANGES();
  Space s;
  CHECK(s.map(4096, kReadWrite, kAnonymous | MAP_32BIT, 0x5000'0000) == 0x5000'0000);
  const uint64_t at = s.map(4096, kReadWrite, kAnonymous | MAP_32BIT, kHighStart + (3ull << 30));
  CHECK(at != 0);
  CHECK(at < (1ull << 31));
  CHECK(s.map_error({0, 3ull << 30, kReadWrite, kAnonymous | MAP_32BIT, -1, 0}) == ENOMEM);
}

TEST_CASE("placement: kinds and flags that do not exist") {
  NEEDS_RANGES();
  Space s;
  const UniqueFd file = temporary_file(4096);
  CHECK(s.map_error({0, 4096, kReadWrite, MAP_ANONYMOUS, -1, 0}) == EINVAL);
  CHECK(s.map_error({0, 4096, kReadWrite, MAP_ANONYMOUS | 8, -1, 0}) == EINVAL);
  CHECK(s.map_error({0, 4096, kReadWrite, MAP_SHARED | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0}) == EINVAL);
  CHECK(s.map_error({0, 2 * kMiB, kReadWrite, kAnonymous | MAP_HUGETLB, -1, 0}) == ENOMEM);
  CHECK(s.map_error({0, 4096, kReadWrite, MAP_SHARED_VALIDATE | MAP_SYNC, file.get(), 0}) == EOPNOTSUPP);
  CHECK(s.map_error({0, 4096, kReadWrite, MAP_SHARED_VALIDATE, file.get(), 0}) == 0);
  CHECK(s.map_error({0, 4096, kReadWrite, kAnonymous | MAP_POPULATE | MAP_LOCKED, -1, 0}) == 0);
}

TEST_CASE("placement: what a memfd's seals forbid stays forbidden") {
  NEEDS_RANGES();
  Space s;
  UniqueFd file(memfd_create("sealed", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  REQUIRE(ftruncate(file.get(), 4096) == 0);
  REQUIRE(fcntl(file.get(), F_ADD_SEALS, F_SEAL_WRITE) == 0);
  CHECK(s.map_error({0, 4096, kReadWrite, MAP_SHARED, file.get(), 0}) == EPERM);
  const uint64_t at = s.memory.map({0, 4096, PROT_READ, MAP_SHARED, file.get(), 0}).value_or(0);
  REQUIRE(at != 0);
  CHECK(s.memory.protect(at, 4096, kReadWrite).error() == Errno{EACCES});
  CHECK_FALSE(s.tables.leaf(at) & x86::kPteWrite);
  CHECK(s.tables.leaf(at) != 0);
  CHECK(s.consistent());
}

TEST_CASE("placement: a file without read permission, or for other rights than it was opened with") {
  NEEDS_RANGES();
  Space s;
  const UniqueFd file = temporary_file(4096);
  const std::string path = "/proc/self/fd/" + std::to_string(file.get());
  const UniqueFd reader(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const UniqueFd writer(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  const UniqueFd name(open(path.c_str(), O_PATH | O_CLOEXEC));
  CHECK(s.map_error({0, 4096, kReadWrite, MAP_SHARED, reader.get(), 0}) == EACCES);
  CHECK(s.map_error({0, 4096, kReadWrite, MAP_PRIVATE, reader.get(), 0}) == 0);
  CHECK(s.map_error({0, 4096, PROT_READ, MAP_SHARED, writer.get(), 0}) == EACCES);
  CHECK(s.map_error({0, 4096, PROT_READ, MAP_SHARED, name.get(), 0}) == EBADF);
}

TEST_CASE("placement: huge reservations make no slots, tables or entries, whatever is done to them whole") {
  NEEDS_RANGES();
  Space s;
  s.memory.set_mmap_top(kGuestTop - (1ull << 40));
  const size_t slots = s.slots.slots.size();
  const uint64_t page = *s.physical->allocate_page();
  const uint64_t size = 14ull << 40;
  const uint64_t at = s.map(size, PROT_NONE, kAnonymous | MAP_NORESERVE);
  REQUIRE(at != 0);
  REQUIRE(s.memory.protect(at, size, kReadWrite));
  REQUIRE(s.memory.advise(at, size, MADV_DONTNEED));
  REQUIRE(s.memory.protect(at, size, PROT_READ));
  REQUIRE(s.memory.unmap(at, size));
  CHECK(s.slots.slots.size() == slots);
  CHECK(*s.physical->allocate_page() == page + 4096);
}

TEST_CASE("placement: ten thousand mappings, each found and placed among the others") {
  NEEDS_RANGES();
  Space s;
  constexpr int kCount = 10000;
  std::vector<uint64_t> mapped;
  for (int i = 0; i < kCount; ++i) {
    const uint64_t at = s.map(2 * 4096, (i & 1) ? PROT_READ : kReadWrite);
    REQUIRE(at != 0);
    mapped.push_back(at);
  }
  for (int i = 0; i < kCount; i += 2) REQUIRE(s.memory.unmap(mapped[static_cast<size_t>(i)] + 4096, 4096));
  // The holes of one page each are used again from the top; two pages no longer fit between.
  CHECK(s.map(4096) == mapped[0] + 4096);
  CHECK(s.map(4096) == mapped[2] + 4096);
  CHECK(s.map(2 * 4096) == mapped.back() - 2 * 4096);
  CHECK(s.consistent());
}

TEST_CASE("placement: running out of mappings is ENOMEM, and what was there still works") {
  NEEDS_RANGES();
  Space s;
  // Every second page of another protection: a mapping each, until the host refuses.
  const uint64_t size = 150000ull * 4096;
  const uint64_t at = s.map(size, kReadWrite, kAnonymous | MAP_NORESERVE);
  REQUIRE(at != 0);
  int error = 0;
  uint64_t offset = 4096;
  for (; offset < size && error == 0; offset += 2 * 4096) {
    const auto result = s.memory.protect(at + offset, 4096, PROT_READ);
    if (!result) error = result.error().value;
  }
  CHECK(error == ENOMEM);
  CHECK(s.memory.unmap(at + 2 * offset, 4096).error() == Errno{ENOMEM});
  CHECK(s.memory.is_mapped(at + 2 * offset, 4096));
  CHECK_FALSE(s.memory.handle_fault(at + 2 * offset, x86::kFaultWrite));
  // Whole mappings can always go.
  CHECK(s.memory.unmap(at, size));
  CHECK_FALSE(s.memory.is_mapped(at, 4096));
  CHECK(s.map(4096) != 0);
}
