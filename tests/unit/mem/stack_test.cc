// Stacks that grow: by page fault, and for the host's kernel and our own copies.
#include <signal.h>
#include <sys/mman.h>

#include <catch2/catch.hpp>

#include "km/mem/copy.h"
#include "tests/unit/mem/space.h"

using namespace kontain;
using namespace kontain::mem;
using namespace kontain::mem::test;

namespace {

constexpr uint64_t kTop = kHighStart + (2ull << 30);
constexpr uint64_t kSize = 64 * 1024;

struct StackSpace : Space {
  StackSpace() {
    memory.set_stack_limit(4 * kMiB);
    map(kSize, kReadWrite, kAnonymous | MAP_GROWSDOWN | MAP_FIXED, kTop - kSize);
    install_fault_fixup();
    memory.serve_failed_copies();
  }
  ~StackSpace() { set_copy_resolver(nullptr); }
};

}  // namespace

TEST_CASE("stack: a copy below it grows it, within its limit") {
  NEEDS_RANGES();
  StackSpace s;
  const uint64_t value = 7;
  CHECK(copy_out(kTop - kMiB, &value, sizeof value));
  CHECK(s.memory.is_mapped(kTop - kMiB, kMiB));
  CHECK_FALSE(s.memory.handle_fault(kTop - kMiB, x86::kFaultWrite));
  CHECK(s.tables.leaf(kTop - kMiB) & x86::kPteWrite);
  uint64_t read = 1;
  CHECK(copy_in(&read, kTop - 2 * kMiB, sizeof read));
  CHECK(read == 0);
  CHECK_FALSE(copy_out(kTop - 5 * kMiB, &value, sizeof value));
  CHECK_FALSE(copy_out(kTop - 4, &value, sizeof value));  // behind its end there is nothing
  CHECK(s.consistent());
}

TEST_CASE("stack: it can be grown for a call of the host that failed") {
  NEEDS_RANGES();
  StackSpace s;
  CHECK(s.memory.grow_stack_for(kTop - kMiB, 100));
  CHECK(s.memory.is_mapped(kTop - kMiB, kMiB));
  CHECK_FALSE(s.memory.grow_stack_for(kTop - kMiB, 100));  // that was not why the call failed
  CHECK(AddressSpace::serving() == &s.memory);
  CHECK_FALSE(s.memory.grow_stack_for(kTop - 5 * kMiB, 100));
  CHECK_FALSE(s.memory.grow_stack_for(kTop, 8));
  CHECK_FALSE(s.memory.grow_stack_for(kGuestTop + 4096, 8));
}

TEST_CASE("stack: a failed copy is tried again only where the mapping allows it") {
  NEEDS_RANGES();
  StackSpace s;
  const uint64_t at = s.map(2 * 4096);
  REQUIRE(s.memory.protect(at + 4096, 4096, PROT_READ));
  CHECK(s.memory.resolve_failed_copy(at, 4096, true));
  CHECK_FALSE(s.memory.resolve_failed_copy(at, 4097, true));
  CHECK(s.memory.resolve_failed_copy(at, 4097, false));
  CHECK_FALSE(s.memory.resolve_failed_copy(at, 2 * 4096 + 1, false));
  const char byte = 1;
  CHECK_FALSE(copy_out(at + 4096, &byte, 1));
}

TEST_CASE("stack: other mappings keep their distance from it, and it from them") {
  NEEDS_RANGES();
  StackSpace s;
  s.memory.set_mmap_top(kTop - kSize);
  const uint64_t below = s.map(4096);
  CHECK(below == kTop - kSize - kStackGuard - 4096);
  CHECK(s.map(4096, kReadWrite, kAnonymous, kTop - kSize - 4096) == below - 4096);
  // MAP_FIXED is obeyed; what cannot be accessed does not stop a stack.
  REQUIRE(s.memory.protect(below - 4096, 2 * 4096, PROT_NONE));
  CHECK_FALSE(s.memory.handle_fault(below + 4096, x86::kFaultWrite));
  CHECK(s.memory.handle_fault(below, x86::kFaultWrite)->code == SEGV_ACCERR);
  CHECK(s.consistent());
}

TEST_CASE("stack: PROT_GROWSDOWN reaches down to where it begins") {
  NEEDS_RANGES();
  StackSpace s;
  REQUIRE(s.memory.protect(kTop - 4096, 4096, kReadWrite | PROT_EXEC | PROT_GROWSDOWN));
  CHECK_FALSE(s.tables.leaf(kTop - kSize) & x86::kPteNoExecute);
  const uint64_t other = s.map(2 * 4096);
  CHECK(s.memory.protect(other, 4096, PROT_READ | PROT_GROWSDOWN).error() == Errno{EINVAL});
  CHECK(s.memory.protect(other, 4096, PROT_READ | PROT_GROWSUP).error() == Errno{EINVAL});
  CHECK(s.consistent());
}
