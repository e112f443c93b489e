#include "base/procfs.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>

using namespace kontain;

TEST_CASE("files of a procfs are opened, others with their look are not") {
  const UniqueFd maps = open_procfs("/proc/self/maps");
  REQUIRE(maps);
  char byte = 0;
  CHECK(read(maps.get(), &byte, 1) == 1);

  std::string forged = "/tmp/maps-XXXXXX";
  const UniqueFd file(mkstemp(forged.data()));
  REQUIRE(file);
  CHECK_FALSE(open_procfs(forged.c_str()));
  unlink(forged.c_str());
  CHECK_FALSE(open_procfs(forged.c_str()));
  CHECK_FALSE(open_procfs("/dev/null"));
}
