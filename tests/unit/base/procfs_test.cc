#include "base/procfs.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <catch2/catch.hpp>

using namespace kontain;

TEST_CASE("the procfs at /proc is found, and a file of it opened once it is held") {
  const UniqueFd root = find_procfs();
  REQUIRE(root);
  struct statfs system;
  REQUIRE(fstatfs(root.get(), &system) == 0);
  CHECK(system.f_type == PROC_SUPER_MAGIC);
  CHECK((fcntl(root.get(), F_GETFD) & FD_CLOEXEC) != 0);

  CHECK(held_procfs() == -1);
  CHECK_FALSE(open_procfs("self/maps"));

  hold_procfs(root.get());
  CHECK(held_procfs() == root.get());
  const UniqueFd maps = open_procfs("self/maps");
  REQUIRE(maps);
  char byte = 0;
  CHECK(read(maps.get(), &byte, 1) == 1);
  CHECK_FALSE(open_procfs("self/no_such_file"));

  hold_procfs(-1);
  CHECK_FALSE(open_procfs("self/maps"));
}
