#include "imagebuild/build/user_namespace.h"

#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>

using namespace kontain::image::build;

namespace {

constexpr std::string_view kFile =
    "me:100000:65536\nother:200000:65536\n1000:300000:10\nme:0x10:5\nme:1:0\nme:4294967295:2\nme:5\n:7:8\n\nme:-1:3\n";

}  // namespace

TEST_CASE("subordinate ids are found by name and by number") {
  CHECK(subordinate_ranges(kFile, "me", "1000") == std::vector<IdRange>{{100000, 65536}, {300000, 10}});
  CHECK(subordinate_ranges(kFile, "other", "5") == std::vector<IdRange>{{200000, 65536}});
  CHECK(subordinate_ranges(kFile, "", "5").empty());
  std::string many;
  for (int i = 0; i < 100; ++i) many += "me:" + std::to_string(100000 + i * 10) + ":10\n";
  CHECK(subordinate_ranges(many, "me", "1000").size() == 16);
}

TEST_CASE("the own user is root, the others follow without a gap") {
  CHECK(map_arguments(1000, {}) == std::vector<std::string>{"0", "1000", "1"});
  CHECK(map_arguments(7, {{100, 50}, {300, 5}}) ==
        std::vector<std::string>{"0", "7", "1", "1", "100", "50", "51", "300", "5"});
}

TEST_CASE("work in a user namespace is done by its root") {
  const auto answer = run_as_namespace_root([] {
    return std::to_string(geteuid()) + (in_user_namespace() ? " inside " : " outside ") + std::string(100000, 'x');
  });
  if (!answer) {
    WARN("skipped: " + answer.error().message());
    return;
  }
  CHECK(*answer == "0 inside " + std::string(100000, 'x'));
  CHECK(run_as_namespace_root([]() -> std::string { _exit(13); }).error().message() ==
        "user namespace: Permission denied");
  CHECK(run_as_namespace_root([]() -> std::string { return std::to_string(raise(SIGKILL)); }).error().message() ==
        "user namespace: the build in it was ended by signal 9");
}
