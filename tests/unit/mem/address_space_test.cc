#include "km/mem/address_space.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <cerrno>

#include "tests/unit/mem/space.h"

using namespace kontain;
using namespace kontain::mem;
using namespace kontain::mem::test;

TEST_CASE("address_space: mmap's refusals") {
  NEEDS_RANGES();
  Space s;
  CHECK(s.map_error({0, 0, kReadWrite, kAnonymous, -1, 0}) == EINVAL);
  CHECK(s.map_error({0, 4096, kReadWrite, kAnonymous, -1, 100}) == EINVAL);
  CHECK(s.map_error({0, ~0ull - 4095, kReadWrite, kAnonymous, -1, 0}) == ENOMEM);
  CHECK(s.map_error({0x1000, 4096, kReadWrite, kAnonymous | MAP_FIXED, -1, 0}) == EPERM);
  CHECK(s.map_error({kGuestTop, 4096, kReadWrite, kAnonymous | MAP_FIXED, -1, 0}) == ENOMEM);
  CHECK(s.map_error({kLowEnd - 4096, 8192, kReadWrite, kAnonymous | MAP_FIXED, -1, 0}) == ENOMEM);
  CHECK(s.map_error({0, 4096, PROT_READ, MAP_PRIVATE, 9999, 0}) == EBADF);
  const uint64_t at = s.map(8192);
  REQUIRE(at != 0);
  CHECK(s.map_error({at + 4096, 4096, PROT_READ, kAnonymous | MAP_FIXED_NOREPLACE, -1, 0}) == EEXIST);
  CHECK(s.consistent());
}

TEST_CASE("address_space: a failed MAP_FIXED leaves the old mapping usable") {
  NEEDS_RANGES();
  Space s;
  const uint64_t at = s.map(8192);
  *reinterpret_cast<volatile int*>(at) = 42;
  CHECK(s.map_error({at, 8192, PROT_READ, MAP_PRIVATE | MAP_FIXED, 9999, 0}) == EBADF);
  CHECK(*reinterpret_cast<volatile int*>(at) == 42);
  CHECK(s.tables.leaf(at) != 0);
  CHECK(s.consistent());
}

TEST_CASE("address_space: hints are honoured, top-down placement otherwise, 32-bit on request") {
  NEEDS_RANGES();
  Space s;
  const uint64_t hint = kHighStart + (3ull << 30);
  CHECK(s.map(4096, kReadWrite, kAnonymous, hint) == hint);
  CHECK(s.map(4096, kReadWrite, kAnonymous, hint) != hint);
  const uint64_t first = s.map(4096);
  CHECK(s.map(4096) == first - 4096);
  CHECK(s.map(4096, kReadWrite, kAnonymous | MAP_32BIT) < (1ull << 31));
}

TEST_CASE("address_space: protections are mirrored and reduced entries are gone at once") {
  NEEDS_RANGES();
  Space s;
  const uint64_t at = s.map(3 * 4096);
  REQUIRE(s.memory.protect(at + 4096, 4096, PROT_READ));
  CHECK(s.tables.leaf(at) & x86::kPteWrite);
  CHECK_FALSE(s.tables.leaf(at + 4096) & x86::kPteWrite);
  CHECK(s.memory.handle_fault(at + 4096, x86::kFaultWrite | x86::kFaultPresent)->code == SEGV_ACCERR);
  REQUIRE(s.memory.protect(at + 4096, 4096, PROT_NONE));
  CHECK(s.tables.leaf(at + 4096) == 0);
  CHECK(s.memory.handle_fault(at + 4096, 0)->code == SEGV_ACCERR);
  REQUIRE(s.memory.protect(at, 4096, PROT_READ | PROT_EXEC));
  CHECK_FALSE(s.tables.leaf(at) & x86::kPteNoExecute);
  CHECK(s.memory.handle_fault(at + 2 * 4096, x86::kFaultFetch)->signal == SIGSEGV);
  CHECK(s.memory.protect(at, 4 * 4096, PROT_READ).error() == Errno{ENOMEM});
  CHECK(s.consistent());
}

TEST_CASE("address_space: large mappings are filled by fault") {
  NEEDS_RANGES();
  Space s;
  const uint64_t size = 200 * kMiB;
  const uint64_t at = s.map(size);
  CHECK(s.tables.leaf(at) == 0);
  CHECK_FALSE(s.memory.handle_fault(at + 100 * kMiB, x86::kFaultWrite));
  CHECK(s.tables.leaf(at + 100 * kMiB) != 0);
  CHECK(s.memory.handle_fault(at + size, 0)->code == SEGV_MAPERR);
  CHECK(s.consistent());
}

TEST_CASE("address_space: 14 TiB read-write and 64 TiB inaccessible cost no slots") {
  NEEDS_RANGES();
  Space s;
  const size_t before = s.slots.slots.size();
  s.memory.set_mmap_top(kGuestTop - (1ull << 40));
  CHECK(s.map(14ull << 40, kReadWrite, kAnonymous | MAP_NORESERVE) != 0);
  CHECK(s.map(64ull << 40, PROT_NONE, kAnonymous | MAP_NORESERVE) != 0);
  CHECK(s.slots.slots.size() == before);
}

TEST_CASE("address_space: pages past the end of a file are SIGBUS, also after it shrank") {
  NEEDS_RANGES();
  Space s;
  const UniqueFd file = temporary_file(2 * 4096);
  const auto at = s.memory.map({0, 4 * 4096, PROT_READ, MAP_SHARED, file.get(), 0});
  REQUIRE(at);
  CHECK(s.tables.leaf(*at + 4096) != 0);
  CHECK(s.tables.leaf(*at + 2 * 4096) == 0);
  CHECK(s.memory.handle_fault(*at + 2 * 4096, 0)->signal == SIGBUS);
  REQUIRE(ftruncate(file.get(), 3 * 4096) == 0);
  CHECK_FALSE(s.memory.handle_fault(*at + 2 * 4096, 0));
  REQUIRE(ftruncate(file.get(), 4096) == 0);
  HostFaults faults;
  CHECK(s.memory.retry_after_host_fault(faults));  // perhaps only a change under way
  CHECK(s.tables.leaf(*at + 4096) != 0);
  CHECK(s.memory.retry_after_host_fault(faults));
  CHECK(s.tables.leaf(*at + 4096) == 0);
  CHECK(s.memory.handle_fault(*at + 4096, 0)->signal == SIGBUS);
  CHECK_FALSE(s.memory.handle_fault(*at, 0));
  CHECK(s.consistent());
}

TEST_CASE("address_space: mremap in place, moving, fixed, shrinking, and its refusals") {
  NEEDS_RANGES();
  Space s;
  const uint64_t low = kHighStart + (1ull << 30);
  const uint64_t at = s.map(2 * 4096, kReadWrite, kAnonymous, low);
  *reinterpret_cast<volatile int*>(at + 4096) = 7;
  CHECK(s.memory.remap(at, 2 * 4096, 10 * 4096, 0, 0).value_or(0) == at);
  *reinterpret_cast<volatile int*>(at + 9 * 4096) = 8;
  CHECK(s.consistent());
  s.map(4096, kReadWrite, kAnonymous | MAP_FIXED, at + 10 * 4096);
  s.memory.protect(at + 10 * 4096, 4096, PROT_READ);  // a mapping of its own behind
  CHECK(s.memory.remap(at, 10 * 4096, 20 * 4096, 0, 0).error() == Errno{ENOMEM});
  const uint64_t moved = s.memory.remap(at, 10 * 4096, 20 * 4096, MREMAP_MAYMOVE, 0).value_or(0);
  REQUIRE(moved != 0);
  CHECK(moved != at);
  CHECK(*reinterpret_cast<volatile int*>(moved + 4096) == 7);
  CHECK(s.tables.leaf(at) == 0);
  CHECK(s.memory.handle_fault(at, 0)->code == SEGV_MAPERR);
  CHECK(s.memory.remap(moved, 20 * 4096, 5 * 4096, 0, 0).value_or(0) == moved);
  CHECK(s.memory.handle_fault(moved + 5 * 4096, 0)->code == SEGV_MAPERR);
  const uint64_t target = kHighStart + (2ull << 30);
  CHECK(s.memory.remap(moved, 5 * 4096, 5 * 4096, MREMAP_MAYMOVE | MREMAP_FIXED, target).value_or(0) == target);
  CHECK(*reinterpret_cast<volatile int*>(target + 4096) == 7);
  CHECK(s.memory.remap(target, 4096, 4096, MREMAP_FIXED, at).error() == Errno{EINVAL});
  CHECK(s.memory.remap(at, 4096, 8192, MREMAP_MAYMOVE, 0).error() == Errno{EFAULT});
  CHECK(s.memory.remap(target, 5 * 4096, 5 * 4096, MREMAP_MAYMOVE | MREMAP_FIXED, kGuestTop).error() == Errno{EINVAL});
  CHECK(s.consistent());
}

TEST_CASE("address_space: the break grows, shrinks, and stops at a mapping") {
  NEEDS_RANGES();
  Space s;
  const uint64_t start = kHighStart + (1ull << 30);
  s.memory.start_break(start);
  CHECK(s.memory.set_break(0) == start);
  CHECK(s.memory.set_break(start + 100) == start + 100);
  *reinterpret_cast<volatile int*>(start) = 1;
  CHECK(s.memory.set_break(start + 5 * 4096) == start + 5 * 4096);
  s.map(4096, PROT_READ, kAnonymous | MAP_FIXED, start + 6 * 4096);
  CHECK(s.memory.set_break(start + 8 * 4096) == start + 5 * 4096);
  CHECK(s.memory.set_break(start) == start);
  CHECK(s.memory.handle_fault(start, 0)->code == SEGV_MAPERR);
  CHECK(s.memory.set_break(~0ull) == start);
  CHECK(s.consistent());
}

TEST_CASE("address_space: a MAP_GROWSDOWN mapping grows to its limit and keeps its distance") {
  NEEDS_RANGES();
  Space s;
  const uint64_t top = kHighStart + (2ull << 30);
  s.memory.set_stack_limit(4 * kMiB);
  s.map(64 * 1024, kReadWrite, kAnonymous | MAP_GROWSDOWN | MAP_FIXED, top - 64 * 1024);
  CHECK_FALSE(s.memory.handle_fault(top - kMiB, x86::kFaultWrite));
  *reinterpret_cast<volatile int*>(top - kMiB) = 1;
  CHECK(s.memory.handle_fault(top - 5 * kMiB, x86::kFaultWrite)->code == SEGV_MAPERR);
  s.map(4096, kReadWrite, kAnonymous | MAP_FIXED, top - 3 * kMiB);
  CHECK(s.memory.handle_fault(top - 2 * kMiB - 4096, x86::kFaultWrite)->code == SEGV_MAPERR);
  CHECK(s.consistent());
}

TEST_CASE("address_space: addresses of the monitor are no page fault to repair") {
  NEEDS_RANGES();
  Space s;
  CHECK(s.memory.handle_fault(reinterpret_cast<uint64_t>(&s), x86::kFaultWrite)->signal == SIGSEGV);
  CHECK(s.memory.handle_fault(0, 0)->code == SEGV_MAPERR);
}

TEST_CASE("address_space: advice applies to mapped parts; unknown advice is refused") {
  NEEDS_RANGES();
  Space s;
  const uint64_t at = s.map(2 * 4096);
  *reinterpret_cast<volatile int*>(at) = 5;
  REQUIRE(s.memory.advise(at, 4096, MADV_DONTNEED));
  CHECK(*reinterpret_cast<volatile int*>(at) == 0);
  CHECK(s.memory.advise(at, 8192, 9999).error() == Errno{EINVAL});
  CHECK(s.memory.advise(at, 8192, MADV_HWPOISON).error() == Errno{EINVAL});
  s.memory.unmap(at, 4096);
  CHECK(s.memory.advise(at, 8192, MADV_DONTNEED).error() == Errno{ENOMEM});
}

TEST_CASE("address_space: mappings are listed as /proc/self/maps shows them") {
  NEEDS_RANGES();
  Space s;
  const UniqueFd file = temporary_file(4 * 4096);
  const uint64_t heap = kHighStart + (1ull << 30);
  s.memory.start_break(heap);
  s.memory.set_break(heap + 8192);
  const uint64_t anonymous = s.map(8192, PROT_READ | PROT_EXEC);
  const uint64_t mapped = s.memory.map({0, 2 * 4096, PROT_READ, MAP_SHARED, file.get(), 4096}).value();
  REQUIRE(s.memory.protect(mapped + 4096, 4096, PROT_NONE));
  struct stat status = {};
  REQUIRE(fstat(file.get(), &status) == 0);

  std::vector<MappingView> views;
  s.memory.for_each_mapping([&](const MappingView& view) { views.push_back(view); });
  REQUIRE(views.size() == 4);
  CHECK(views[0].start == heap);
  CHECK(views[0].end == heap + 8192);
  CHECK(views[0].name == "[heap]");
  CHECK(views[1].start == mapped);
  CHECK(views[1].end == mapped + 4096);
  CHECK(views[1].shared);
  CHECK(views[1].offset == 4096);
  CHECK(views[1].inode == status.st_ino);
  CHECK(views[1].name == "/memfd:test (deleted)");
  CHECK(views[2].offset == 8192);
  CHECK(views[2].protection == PROT_NONE);
  CHECK(views[2].name == "/memfd:test (deleted)");
  CHECK(views[3].start == anonymous);
  CHECK(views[3].protection == (PROT_READ | PROT_EXEC));
  CHECK(views[3].name.empty());
  CHECK(views[3].inode == 0);
}
