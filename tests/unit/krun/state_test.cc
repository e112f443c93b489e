#include "krun/state/state.h"

#include <unistd.h>

#include <catch2/catch.hpp>

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

}  // namespace
}  // namespace kontain::krun::state
