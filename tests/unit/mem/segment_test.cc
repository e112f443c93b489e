// System V shared memory in the payload's address space.
#include <signal.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>

#include "tests/unit/mem/space.h"

using namespace kontain;
using namespace kontain::mem;
using namespace kontain::mem::test;

namespace {

struct Segment {
  explicit Segment(size_t bytes) : id(shmget(IPC_PRIVATE, bytes, IPC_CREAT | 0600)), size(bytes) { REQUIRE(id >= 0); }
  ~Segment() { shmctl(id, IPC_RMID, nullptr); }
  unsigned long attachments() const {
    shmid_ds status = {};
    REQUIRE(shmctl(id, IPC_STAT, &status) == 0);
    return status.shm_nattch;
  }
  const int id;
  const size_t size;
};

uint64_t attach(Space& s, const Segment& segment, int flags = 0, uint64_t at = 0) {
  return s.memory.attach_segment({segment.id, segment.size, at, flags}).value_or(0);
}
int attach_error(Space& s, const Segment& segment, int flags, uint64_t at) {
  const auto result = s.memory.attach_segment({segment.id, segment.size, at, flags});
  return result ? 0 : result.error().value;
}

}  // namespace

TEST_CASE("segment: attached twice it is the same memory, with the rights asked for") {
  NEEDS_RANGES();
  Space s;
  const Segment segment(2 * 4096 + 100);
  const uint64_t first = attach(s, segment);
  const uint64_t second = attach(s, segment, SHM_RDONLY);
  REQUIRE(first != 0);
  REQUIRE(second != 0);
  word_at(first + 8192) = 9;
  CHECK(word_at(second + 8192) == 9);
  CHECK(s.tables.leaf(first) & x86::kPteWrite);
  CHECK(s.tables.leaf(second) & x86::kPteNoExecute);
  CHECK(s.memory.handle_fault(second, x86::kFaultWrite)->code == SEGV_ACCERR);
  CHECK(s.memory.protect(second, 4096, kReadWrite).error() == Errno{EACCES});
  const uint64_t code = attach(s, segment, SHM_RDONLY | SHM_EXEC);
  CHECK_FALSE(s.tables.leaf(code) & x86::kPteNoExecute);
  CHECK(segment.attachments() == 3);
  CHECK(s.consistent());
}

TEST_CASE("segment: addresses are rounded, taken ones replaced, on request only") {
  NEEDS_RANGES();
  Space s;
  const Segment segment(2 * 4096);
  const uint64_t taken = s.map(4 * 4096);
  CHECK(attach_error(s, segment, 0, taken + 1) == EINVAL);
  CHECK(attach_error(s, segment, SHM_RND, taken + 1) == EINVAL);
  CHECK(attach_error(s, segment, SHM_REMAP, 0) == EINVAL);
  CHECK(attach_error(s, segment, 0, kGuestTop) == EINVAL);
  CHECK(attach(s, segment, SHM_RND | SHM_REMAP, taken + 4097) == taken + 4096);
  CHECK(s.memory.is_mapped(taken, 4 * 4096));
  CHECK(s.consistent());
}

TEST_CASE("segment: detaching takes exactly what is left of it") {
  NEEDS_RANGES();
  Space s;
  const Segment segment(4 * 4096);
  const uint64_t at = attach(s, segment);
  const uint64_t other = attach(s, segment);
  CHECK(s.memory.detach_segment(at + 4096).error() == Errno{EINVAL});
  CHECK(s.memory.detach_segment(at + 1).error() == Errno{EINVAL});
  REQUIRE(s.memory.unmap(at, 4096));
  REQUIRE(s.map(4096, kReadWrite, kAnonymous | MAP_FIXED, at + 2 * 4096) != 0);
  REQUIRE(s.memory.detach_segment(at));
  CHECK_FALSE(s.memory.is_mapped(at + 4096, 4096));
  CHECK(s.memory.is_mapped(at + 2 * 4096, 4096));
  CHECK_FALSE(s.memory.is_mapped(at + 3 * 4096, 4096));
  CHECK(segment.attachments() == 1);
  CHECK(s.memory.detach_segment(at).error() == Errno{EINVAL});
  CHECK(s.memory.is_mapped(other, 4 * 4096));
  CHECK(s.memory.detach_segment(s.map(4096)).error() == Errno{EINVAL});
  CHECK(s.consistent());
}

TEST_CASE("segment: it can be detached where mremap has moved it") {
  NEEDS_RANGES();
  Space s;
  const Segment segment(2 * 4096);
  const uint64_t at = attach(s, segment);
  const uint64_t target = kHighStart + (2ull << 30);
  REQUIRE(s.memory.remap(at, 8192, 8192, MREMAP_MAYMOVE | MREMAP_FIXED, target));
  CHECK(s.memory.detach_segment(at).error() == Errno{EINVAL});
  CHECK(s.memory.detach_segment(target));
  CHECK(segment.attachments() == 0);
}

TEST_CASE("segment: a child inherits attachments") {
  NEEDS_RANGES();
  Space s;
  const Segment segment(4096);
  const uint64_t at = attach(s, segment);
  s.memory.prepare_fork(0);
  const pid_t child = fork();
  if (child == 0) {
    s.memory.finish_fork_in_child();
    word_at(at) = 3;
    _exit(s.memory.detach_segment(at) ? 0 : 1);
  }
  s.memory.finish_fork_in_parent();
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  CHECK(word_at(at) == 3);
  CHECK(segment.attachments() == 1);
}
