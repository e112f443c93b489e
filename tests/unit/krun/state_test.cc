#include "krun/state/state.h"

#include <poll.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <thread>

namespace kontain::krun::state {
namespace {

TEST_CASE("a state survives its file") {
  State state;
  state.id = "c1";
  state.pid = 42;
  state.start_time = 1234567890123;
  state.created = true;
  state.bundle = "/b\xff";
  state.cgroup = cgroup::Cgroup(false, {{"memory", "/sys/fs/cgroup/memory/c1"}});
  state.owns_cgroup = true;
  state.mounts_before = 2;
  state.annotations = {{"a", "b"}};
  const auto copy = decode(encode(state), "state.json");
  REQUIRE(copy);
  CHECK(copy->pid == 42);
  CHECK(copy->start_time == 1234567890123);
  CHECK(copy->cgroup.folder_of("memory") == "/sys/fs/cgroup/memory/c1");
  CHECK(copy->owns_cgroup);
  CHECK(copy->mounts_before == 2);
  CHECK(copy->annotations == state.annotations);
}

TEST_CASE("a state that could remove the wrong folder is refused") {
  for (const char* folder : {"", "/", "x", "/sys/fs/cgroup/../../x"}) {
    INFO(folder);
    const std::string text = std::string(R"({"id":"x","cgroup":{"folders":{"memory":")") + folder + "\"}}}";
    CHECK_FALSE(decode(text, "state.json"));
  }
  CHECK_FALSE(decode(R"({"id":"x","pid":-1})", "state.json"));
  CHECK_FALSE(decode(R"({"id":"x","mountsBefore":-1})", "state.json"));
  CHECK_FALSE(decode("[]", "state.json"));
}

TEST_CASE("names of containers") {
  for (const char* good : {"a", "A_b+c-d.e0", "...", "0"}) CHECK(check_id(good));
  for (const char* bad : {"", ".", "..", "a/b", "a b", "\xc3\xa4", "a\n"}) CHECK_FALSE(check_id(bad));
  CHECK_FALSE(check_id(std::string(1025, 'a')));
}

TEST_CASE("a process is told from a later one by its start") {
  const auto own = process_start_time(getpid());
  REQUIRE(own);
  CHECK(*own > 0);
  CHECK_FALSE(process_start_time(4194304 + 1));
}

// What start says when the container's process takes `taken` bytes, and then ends or goes on.
Result<Begun> start_with(size_t taken, bool ends) {
  char root[] = "/tmp/kontain-state-XXXXXX";
  REQUIRE(mkdtemp(root));
  auto folder = Folder::make(root, "c");
  REQUIRE(folder);
  REQUIRE(folder->make_fifo());
  auto reader = folder->open_fifo_to_wait();
  REQUIRE(reader);
  std::thread process([&] {
    pollfd entry = {reader->get(), POLLIN, 0};
    poll(&entry, 1, -1);
    char byte = 0;
    for (size_t i = 0; i < taken; ++i) static_cast<void>(!read(reader->get(), &byte, 1));
    stop_waiting(*reader);
    if (ends) reader->reset();
  });
  auto begun = folder->signal_start(getpid());
  process.join();
  CHECK_FALSE(folder->is_waited_for());
  folder->remove();
  rmdir(root);
  return begun;
}

TEST_CASE("start knows whether the program has come to run") {
  CHECK(start_with(0, true) == Begun::No);
  CHECK(start_with(1, true) == Begun::No);
  CHECK(start_with(2, true) == Begun::Yes);
  CHECK(start_with(2, false) == Begun::Yes);
}

TEST_CASE("whether a container waits for start is its process's to say") {
  char root[] = "/tmp/kontain-state-XXXXXX";
  REQUIRE(mkdtemp(root));
  auto folder = Folder::make(root, "c");
  REQUIRE(folder);
  CHECK_FALSE(folder->is_waited_for());
  REQUIRE(folder->make_fifo());
  auto reader = folder->open_fifo_to_wait();
  REQUIRE(reader);
  CHECK(folder->is_waited_for());
  CHECK(folder->is_waited_for());
  // As when start is killed before it takes the FIFO away.
  stop_waiting(*reader);
  CHECK_FALSE(folder->is_waited_for());
  folder->remove();
  rmdir(root);
}

TEST_CASE("start fails where nobody waits for it") {
  char root[] = "/tmp/kontain-state-XXXXXX";
  REQUIRE(mkdtemp(root));
  auto folder = Folder::make(root, "c");
  REQUIRE(folder);
  CHECK(folder->signal_start(getpid()).error().what == "cannot start a container that has already started");
  REQUIRE(folder->make_fifo());
  CHECK(folder->signal_start(getpid()).error().what == "container process is already dead");
  folder->remove();
  rmdir(root);
}

}  // namespace
}  // namespace kontain::krun::state
