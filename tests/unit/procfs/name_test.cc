#include "km/procfs/name.h"

#include <catch2/catch.hpp>

namespace kontain::procfs {
namespace {

Answer own(std::string_view path) { return answer_of(parse_name(path), Whose::Own); }
Answer foreign(std::string_view path) { return answer_of(parse_name(path), Whose::Foreign); }

TEST_CASE("names are taken apart") {
  const Name file = parse_name("/12/task/34/fd/5");
  CHECK(file.process == 12);
  CHECK(file.thread == 34);
  CHECK(file.entry == "fd");
  CHECK(file.rest == "5");
  const Name global = parse_name("/sys/kernel/core_pattern");
  CHECK(global.process == 0);
  CHECK(global.entry == "sys");
  CHECK(global.rest == "kernel/core_pattern");
  const Name list = parse_name("/12/task");
  CHECK(list.thread == 0);
  CHECK(list.entry == "task");
  CHECK(parse_name("/12/maps (deleted)").entry == "maps");
  CHECK(parse_name("/12").entry.empty());
  CHECK(parse_name("").process == 0);
  CHECK(parse_name("/0/mem").process == 0);
}

TEST_CASE("random names are those that differ at every opening") {
  CHECK(is_random(parse_name("/sys/kernel/random/uuid")));
  for (const char* other : {"/sys/kernel/random/boot_id", "/sys/kernel/random", "/7/sys/kernel/random/uuid", "/uuid"}) {
    CAPTURE(other);
    CHECK_FALSE(is_random(parse_name(other)));
  }
}

TEST_CASE("numbers are decimal and nothing else") {
  CHECK(to_number("0") == 0);
  CHECK(to_number("42") == 42);
  for (const char* text : {"", "-1", "+1", "4x", " 4", "99999999999999"}) CHECK(to_number(text) == -1);
}

TEST_CASE("nobody gets what shows a monitor's memory") {
  for (const char* name :
       {"mem", "map_files", "map_files/1-2", "pagemap", "numa_maps", "stack", "syscall", "clear_refs"}) {
    INFO(name);
    for (const std::string folder : {"/7/", "/7/task/8/"}) {
      CHECK(own(folder + name) == Answer::Refused);
      CHECK(foreign(folder + name) == Answer::Refused);
    }
  }
}

TEST_CASE("the own process's files are rendered, other processes' private ones refused") {
  for (const char* name : {"maps", "smaps", "smaps_rollup", "environ", "auxv", "personality"}) {
    INFO(name);
    CHECK(own(std::string("/7/") + name) == Answer::Generated);
    CHECK(foreign(std::string("/7/") + name) == Answer::Refused);
  }
  for (const char* name : {"status", "stat"}) {
    INFO(name);
    CHECK(own(std::string("/7/task/9/") + name) == Answer::Generated);
    CHECK(foreign(std::string("/7/") + name) == Answer::Generated);
  }
  for (const char* name : {"statm", "cmdline", "limits"}) {
    INFO(name);
    CHECK(own(std::string("/7/task/9/") + name) == Answer::Generated);
    CHECK(foreign(std::string("/7/task/9/") + name) == Answer::Host);
  }
  for (const char* name : {"exe", "cwd", "root", "fd", "fdinfo", "fd/3", "io"}) {
    INFO(name);
    CHECK(own(std::string("/7/") + name) != Answer::Refused);
    CHECK(foreign(std::string("/7/") + name) == Answer::Refused);
  }
  for (const char* name : {"cgroup", "mountinfo", "mounts", "oom_score_adj", "task", "net/dev", "ns"}) {
    INFO(name);
    CHECK(foreign(std::string("/7/") + name) != Answer::Refused);
  }
}

TEST_CASE("files of no process are the host's, except the machine's memory") {
  for (const char* name : {"/cpuinfo", "/meminfo", "/sys/vm/overcommit_memory", "/net/../7", "/self"}) {
    CHECK(foreign(name) == Answer::Host);
  }
  for (const char* name : {"/kcore", "/sysrq-trigger", "/bus/pci/00/1f.0"}) CHECK(foreign(name) == Answer::Refused);
}

TEST_CASE("in a procfs that is not at /proc no private name is given to anybody") {
  for (const char* path : {"/mnt/7/maps", "/7/maps", "/mnt/kcore", "/mnt/7/task/8/mem", "/proc/sys/7/environ"}) {
    CHECK(answer_of_unplaced(path) == Answer::Refused);
  }
  CHECK(answer_of_unplaced("/mnt/7/status") == Answer::Host);
}

TEST_CASE("what makes the host run programs is not for writing") {
  for (const char* path : {"/sys/kernel/core_pattern", "/sys/kernel/modprobe", "/sys/kernel/usermodehelper/bset",
                           "/sysrq-trigger", "/mnt/sys/kernel/core_pattern"}) {
    CHECK(is_refused_for_writing(parse_name(path)));
  }
  for (const char* path : {"/sys/net/ipv4/ip_forward", "/7/comm", "/7/oom_score_adj"}) {
    CHECK_FALSE(is_refused_for_writing(parse_name(path)));
  }
}

}  // namespace
}  // namespace kontain::procfs
