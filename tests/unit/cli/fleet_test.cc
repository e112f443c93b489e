#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "cli/fleet/kontainer.h"
#include "cli/fleet/signals.h"

namespace kontain::test {
namespace {

using namespace cli;

constexpr char kTail[] = " S 7 42 42 0 -1 4194560 100 0 0 0 3 4 5 6 20 0 1 0 12345 1000000 250 18446744073709551615 1";

TEST_CASE("a line of /proc/PID/stat") {
  const auto process = parse_stat(std::string("42 (sleep)") + kTail);
  REQUIRE(process);
  CHECK(process->pid == 42);
  CHECK(process->name == "sleep");
  CHECK(process->state == 'S');
  CHECK(process->parent == 7);
  CHECK(process->cpu_ticks == 3 + 4 + 5 + 6);
  CHECK(process->start_ticks == 12345);
  CHECK(process->resident_pages == 250);
}

TEST_CASE("a process's name can hide nothing") {
  const auto process = parse_stat(std::string("42 (a) Z 1 (b c)") + kTail);
  REQUIRE(process);
  CHECK(process->name == "a) Z 1 (b c");
  CHECK(process->parent == 7);
}

TEST_CASE("a text that is no stat is refused") {
  for (const char* text :
       {"", "42", "42 (", "42 ()", "42 (x) ", "x (y) S 1", "42 (x) S 7 42 42 0 -1", ") (", "42 )x( S"}) {
    INFO(text);
    CHECK_FALSE(parse_stat(text));
  }
  CHECK_FALSE(parse_stat("42 (x) S 7 42 42 0 -1 4194560 100 0 0 0 3 4 5 -6 20 0 1 0 12345 1000000 250 1"));
}

Process process(pid_t pid, pid_t parent, uint64_t ticks = 10, uid_t user = 1000) {
  Process made;
  made.pid = pid;
  made.parent = parent;
  made.state = 'S';
  made.cpu_ticks = ticks;
  made.start_ticks = 500;
  made.resident_pages = 2;
  made.user = user;
  made.name = "p" + std::to_string(pid);
  return made;
}

TEST_CASE("a tree is a process and its descendants") {
  const std::vector<Process> all = {process(1, 0), process(10, 1), process(11, 10), process(12, 11), process(20, 1)};
  std::vector<pid_t> pids;
  for (const Process& member : tree_of(10, all)) pids.push_back(member.pid);
  CHECK(pids == std::vector<pid_t>{10, 11, 12});
  CHECK(tree_of(99, all).empty());
  Process zombie = process(10, 1);
  zombie.state = 'Z';
  CHECK(tree_of(10, {zombie}).empty());
  CHECK(tree_of(10, {process(10, 11), process(11, 10)}).size() <= 3);
}

const ClockFacts kClock{1'000'000, 100, 4096};

RegistryEntry entry(pid_t pid, uid_t owner) { return {{pid, "/bin/x", 1'005'100, "0.1.0"}, owner}; }

TEST_CASE("a kontainer is its entry and its processes") {
  const auto kontainers = assemble({entry(10, 1000)}, {}, {process(10, 1, 150), process(11, 10, 50)}, kClock);
  REQUIRE(kontainers.size() == 1);
  CHECK(kontainers[0].program == "/bin/x");
  CHECK(kontainers[0].processes == 2);
  CHECK(kontainers[0].memory_bytes == 4 * 4096);
  CHECK(kontainers[0].cpu_ms == 2000);
  CHECK(kontainers[0].start_ticks == 500);
}

TEST_CASE("an entry never stands for another user's process, nor for a later one") {
  const auto foreign = assemble({entry(10, 1000)}, {}, {process(10, 1, 150, 0)}, kClock);
  REQUIRE(foreign.size() == 1);
  CHECK(foreign[0].processes == 0);
  CHECK_FALSE(send_signal(foreign[0], SIGTERM));
  CHECK_FALSE(stop(foreign[0], std::chrono::seconds(0)));
  Process later = process(10, 1);
  later.start_ticks = 100'000;
  CHECK(assemble({entry(10, 1000)}, {}, {later}, kClock)[0].processes == 0);
}

TEST_CASE("a container of krun has the processes of its cgroup, each once") {
  Container container;
  container.pid = 10;
  container.id = "web";
  container.root = "/run/krun";
  container.status = "running";
  container.image = "app:1";
  container.processes = {10, 11, 30};
  const auto kontainers =
      assemble({entry(10, 1000)}, {container}, {process(10, 1), process(11, 10), process(30, 1)}, kClock);
  REQUIRE(kontainers.size() == 1);
  CHECK(kontainers[0].id == "web");
  CHECK(kontainers[0].image == "app:1");
  CHECK(kontainers[0].program == "/bin/x");
  CHECK(kontainers[0].processes == 3);
}

TEST_CASE("what krun lists") {
  const auto listed = parse_krun_list(
      R"([{"id":"a","pid":5,"status":"running","annotations":{"io.kubernetes.cri.image-name":"i:1"}},
          {"id":"b","pid":0,"status":"stopped"},{"id":"c","pid":"7"},{"pid":7},7,
          {"id":"d","pid":8,"status":"paused","annotations":[]}])",
      "/r");
  REQUIRE(listed.size() == 2);
  CHECK(listed[0].image == "i:1");
  CHECK(listed[0].root == "/r");
  CHECK(listed[1].status == "paused");
  CHECK(parse_krun_list("", "").empty());
  CHECK(parse_krun_list("null", "").empty());
}

TEST_CASE("a kontainer is meant by its id or its first process") {
  Kontainer one;
  one.pid = 10;
  one.id = "web";
  Kontainer two;
  two.pid = 11;
  two.id = "10";
  CHECK(pick({one}, "web")->pid == 10);
  CHECK(pick({one}, "10")->id == "web");
  CHECK_FALSE(pick({one}, "we"));
  CHECK_FALSE(pick({one}, ""));
  CHECK_FALSE(pick({one, two}, "10"));
}

TEST_CASE("signals by name and number") {
  CHECK(parse_signal("TERM") == SIGTERM);
  CHECK(parse_signal("SIGUSR1") == SIGUSR1);
  CHECK(parse_signal("9") == SIGKILL);
  for (const char* text : {"", "0", "-1", "65", "9x", "SIG", "NOTHING", "term"}) CHECK_FALSE(parse_signal(text));
}

}  // namespace
}  // namespace kontain::test
