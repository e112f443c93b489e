// The child of fork(2), checked from inside: its exit status names the first thing that is wrong.
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "base/host_call.h"
#include "km/mem/host_memory.h"
#include "tests/unit/mem/space.h"

using namespace kontain;
using namespace kontain::mem;
using namespace kontain::mem::test;

namespace {

// Runs check() in a forked child, the memory's locks held across the fork: the child's exit status.
template <class Check>
int in_child(AddressSpace& memory, Check&& check) {
  memory.prepare_fork(0);
  const pid_t child = fork();
  if (child == 0) {
    memory.finish_fork_in_child();
    _exit(check());
  }
  memory.finish_fork_in_parent();
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

}  // namespace

TEST_CASE("fork: the child has the parent's memory as its own, and its locks are free") {
  NEEDS_RANGES();
  Space s;
  const uint64_t at = s.map(2 * 4096);
  word_at(at) = 42;
  CHECK(in_child(s.memory, [&] {
          if (word_at(at) != 42) return 1;
          word_at(at) = 43;
          if (s.tables.leaf(at) == 0) return 2;
          const uint64_t more = s.map(4096);
          if (more == 0) return 3;
          word_at(more) = 1;
          if (!s.memory.unmap(at, 4096)) return 4;
          return s.memory.check_consistency() ? 5 : 0;
        }) == 0);
  CHECK(word_at(at) == 42);
  CHECK(s.map(4096) != 0);
  CHECK(s.consistent());
}

TEST_CASE("fork: what must not be inherited is gone, reserved again, and can be mapped anew") {
  NEEDS_RANGES();
  Space s;
  const uint64_t at = s.map(4 * 4096);
  for (int i = 0; i < 4; ++i) word_at(at + i * 4096ull) = i + 1;
  REQUIRE(s.memory.advise(at + 4096, 2 * 4096, MADV_DONTFORK));
  REQUIRE(s.memory.advise(at + 2 * 4096, 4096, MADV_DOFORK));
  CHECK(in_child(s.memory, [&] {
          if (s.memory.is_mapped(at + 4096, 4096)) return 1;
          if (s.tables.leaf(at + 4096) != 0) return 2;
          if (!host_is_mapped(at + 4096, 4096)) return 3;
          if (word_at(at) != 1 || word_at(at + 2 * 4096) != 3 || word_at(at + 3 * 4096) != 4) return 4;
          if (s.memory.handle_fault(at + 4096, 0)->code != SEGV_MAPERR) return 5;
          if (s.memory.check_consistency()) return 6;
          return s.map(4096, kReadWrite, kAnonymous | MAP_FIXED_NOREPLACE, at + 4096) == at + 4096 ? 0 : 7;
        }) == 0);
  CHECK(word_at(at + 4096) == 2);
}

TEST_CASE("fork: wiped memory is zero in the child, under the entries it had") {
  NEEDS_RANGES();
  Space s;
  const uint64_t at = s.map(2 * 4096);
  word_at(at) = 1;
  word_at(at + 4096) = 2;
  REQUIRE(s.memory.advise(at, 2 * 4096, MADV_WIPEONFORK));
  REQUIRE(s.memory.advise(at + 4096, 4096, MADV_KEEPONFORK));
  CHECK(in_child(s.memory, [&] {
          if (word_at(at) != 0 || word_at(at + 4096) != 2) return 1;
          word_at(at) = 5;
          return s.tables.leaf(at) != 0 && !s.memory.check_consistency() ? 0 : 2;
        }) == 0);
  CHECK(word_at(at) == 1);
  const uint64_t shared = s.map(4096, kReadWrite, MAP_SHARED | MAP_ANONYMOUS);
  CHECK(s.memory.advise(shared, 4096, MADV_WIPEONFORK).error() == Errno{EINVAL});
}

TEST_CASE("fork: shared memory stays shared") {
  NEEDS_RANGES();
  Space s;
  const uint64_t at = s.map(4096, kReadWrite, MAP_SHARED | MAP_ANONYMOUS);
  CHECK(in_child(s.memory, [&] {
          word_at(at) = 7;
          return 0;
        }) == 0);
  CHECK(word_at(at) == 7);
}

TEST_CASE("fork: a child forked while other threads map finds everything in order") {
  NEEDS_RANGES();
  Space s;
  std::atomic<bool> stop = false;
  const auto churn = [&] {
    while (!stop) {
      const uint64_t at = s.map(64 * 4096);
      s.memory.protect(at, 16 * 4096, PROT_READ);
      s.memory.handle_fault(at + 20 * 4096, x86::kFaultWrite);
      s.memory.unmap(at, 64 * 4096);
    }
  };
  std::thread first(churn);
  std::thread second(churn);
  int wrong = 0;
  for (int i = 0; i < 20; ++i) {
    wrong += in_child(s.memory, [&] {
      const uint64_t at = s.map(4096);
      if (at == 0 || s.tables.leaf(at) == 0) return 1;
      // Not check_consistency(): it allocates, and malloc's locks are not ours to hold here.
      return s.memory.unmap(at, 4096) ? 0 : 1;
    });
  }
  stop = true;
  first.join();
  second.join();
  CHECK(wrong == 0);
  CHECK(s.consistent());
}

TEST_CASE("vfork: the lock of a child that was killed inside it is freed, anybody else's is not") {
  NEEDS_RANGES();
  Space s;
  // A child shares this thread's storage, so to the lock this is what a dead child leaves behind.
  s.memory.prepare_fork(0);
  s.physical->finish_fork();
  s.memory.release_lock_of_dead_child();
  CHECK(s.map(4096) != 0);
  s.memory.release_lock_of_dead_child();  // free: nothing to do
  std::atomic<int> stage = 0;
  std::thread other([&] {
    s.memory.prepare_fork(0);
    stage = 1;
    while (stage != 2) std::this_thread::yield();
    s.memory.finish_fork_in_parent();
  });
  while (stage != 1) std::this_thread::yield();
  s.memory.release_lock_of_dead_child();
  stage = 2;
  other.join();
  CHECK(s.map(4096) != 0);
}
