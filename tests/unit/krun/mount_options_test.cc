#include "krun/sandbox/mount_options.h"

#include <sys/mount.h>

#include <algorithm>
#include <catch2/catch.hpp>

namespace kontain::krun::sandbox {
namespace {

TEST_CASE("mount options: later words win") {
  const MountOptions options = parse_mount_options({"rbind", "ro", "rw", "nosuid", "rro", "mode=755", "rslave"});
  CHECK(options.bind_recursive);
  CHECK(options.attributes.set == MOUNT_ATTR_NOSUID);
  CHECK(options.attributes.clear == MOUNT_ATTR_RDONLY);
  CHECK(options.recursive_attributes.set == MOUNT_ATTR_RDONLY);
  CHECK(options.data == std::vector<std::string>{"mode=755"});
  REQUIRE(options.propagation.size() == 1);
  CHECK(options.propagation[0].flag == MS_SLAVE);
  CHECK(options.propagation[0].recursive);
}

TEST_CASE("mount options: access times replace each other") {
  const MountOptions options = parse_mount_options({"noatime", "strictatime"});
  CHECK((options.attributes.set & MOUNT_ATTR__ATIME) == MOUNT_ATTR_STRICTATIME);
  CHECK((options.attributes.clear & MOUNT_ATTR__ATIME) == MOUNT_ATTR__ATIME);
}

TEST_CASE("mount options: names are listed once") {
  std::vector<std::string> names = mount_option_names();
  CHECK(std::ranges::adjacent_find(names) == names.end());
  CHECK(std::ranges::find(names, "rnosymfollow") != names.end());
  CHECK_FALSE(parse_propagation("sharedish"));
}

}  // namespace
}  // namespace kontain::krun::sandbox
