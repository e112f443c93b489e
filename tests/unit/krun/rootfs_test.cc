#include "krun/sandbox/rootfs.h"

#include <catch2/catch.hpp>

namespace kontain::krun::sandbox {
namespace {

constexpr char kMounts[] =
    "22 27 0:21 / /sys rw,nosuid shared:7 - sysfs sysfs rw\n"
    "90 27 8:1 /r /srv/r rw shared:1 - ext4 /dev/sda1 rw\n"
    "91 90 8:1 /r /srv/r rw - ext4 /dev/sda1 rw\n"
    "92 91 0:40 / /srv/r/proc rw - proc proc rw\n"
    "93 27 0:41 / /srv/a\\040b\\134\\043 rw - tmpfs tmpfs rw\n"
    "94 27 0:42\n";

TEST_CASE("mounts are counted where they are, and not where their sources are") {
  CHECK(count_mounts_at(kMounts, "/srv/r") == 2);
  CHECK(count_mounts_at(kMounts, "/srv/r/proc") == 1);
  CHECK(count_mounts_at(kMounts, "/srv/a b\\#") == 1);
  for (const char* none : {"/r", "/srv", "", "/srv/a", "0:21"}) {
    INFO(none);
    CHECK(count_mounts_at(kMounts, none) == 0);
  }
  CHECK(count_mounts_at("", "/srv/r") == 0);
}

}  // namespace
}  // namespace kontain::krun::sandbox
