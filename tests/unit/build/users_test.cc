#include "imagebuild/build/users.h"

#include <catch2/catch.hpp>

#include "imagebuild/build/mode.h"

using namespace kontain::image::build;

namespace {

const UserFiles kFiles = {
    "root:x:0:0:root:/root:/bin/sh\nme:x:1000:1001::/home/me:/bin/sh\nbroken\n7:x:8:9::/:x\nbad:x:y:0::/:\n",
    "root:x:0:\nus:x:1001:\nmore:x:20:root,me\nother:x:21:me\n"};

std::string found(std::string_view text) {
  const auto identity = find_identity(kFiles, text);
  if (!identity) return identity.error().message();
  std::string out = std::to_string(identity->uid) + ":" + std::to_string(identity->gid) + " " + identity->home;
  for (uint32_t group : identity->groups) out += " " + std::to_string(group);
  return out;
}

uint32_t changed(std::string_view change, uint32_t mode, bool folder = false) {
  const auto parsed = ModeChange::parse(change);
  REQUIRE(parsed);
  return parsed->apply(mode, folder);
}

}  // namespace

TEST_CASE("users are found by name and by number") {
  CHECK(found("root") == "0:0 /root 20");
  CHECK(found("me") == "1000:1001 /home/me 20 21");
  CHECK(found("1000") == "1000:1001 /home/me 20 21");
  CHECK(found("me:more") == "1000:20 /home/me");
  CHECK(found("5") == "5:0 /");
  CHECK(found("5:6") == "5:6 /");
  CHECK(found("7") == "8:9 /");  // a name of digits is a name first
  CHECK(found("nobody") == "user: nobody: it is not in the image's /etc/passwd");
  CHECK(found("me:nobody") == "group: nobody: it is not in the image's /etc/group");
  CHECK(found("bad") == "user: bad: it is not in the image's /etc/passwd");
  CHECK(found("4294967295").starts_with("user: "));
  CHECK_FALSE(find_identity({}, ""));
}

TEST_CASE("modes in numbers and letters") {
  CHECK(changed("0750", 0644) == 0750);
  CHECK(changed("4755", 0) == 04755);
  CHECK(changed("+x", 0644) == 0755);
  CHECK(changed("u=rwX,go=rX", 0600) == 0644);
  CHECK(changed("u=rwX,go=rX", 0700) == 0755);
  CHECK(changed("go-rwx", 0777, true) == 0700);
  CHECK(changed("a=rX", 0600, true) == 0555);
  CHECK(changed("u+s", 0755) == 04755);
  CHECK(changed("+t", 0777, true) == 01777);
  for (std::string_view bad : {"", "8", "07777777", "u", "u+q", "x", "u=r,", "77777"}) {
    CAPTURE(bad);
    CHECK_FALSE(ModeChange::parse(bad));
  }
}
