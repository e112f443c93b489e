#include "imagebuild/context/glob.h"

#include <catch2/catch.hpp>

using namespace kontain::image::context;

namespace {

bool matches(std::string_view pattern, std::string_view path, Stars stars) {
  const auto glob = Glob::compile(pattern, stars);
  REQUIRE(glob);
  return glob->matches(path);
}

struct Case {
  std::string_view pattern, path;
  bool match;
};

}  // namespace

TEST_CASE("patterns of names") {
  const Case cases[] = {
      {"abc", "abc", true},
      {"*", "abc", true},
      {"*c", "abc", true},
      {"a*", "a", true},
      {"a*", "ab/c", false},
      {"a*/b", "abc/b", true},
      {"a*/b", "a/c/b", false},
      {"a?c", "abc", true},
      {"a?c", "a/c", false},
      {"a[b-d]e", "ace", true},
      {"a[^b-d]e", "ace", false},
      {"a[^b]", "a/", false},
      {"a\\*b", "a*b", true},
      {"a\\*b", "axb", false},
      {"a??", "\x61\xc3\xa4\xc3\xb6", true},
      {"[\xc3\xa4-\xc3\xb6]", "\xc3\xa5", true},
      {"**", "a/b", false},
      {"", "", true},
      {"", "a", false},
      {"a*b*c*d", "axbxcxd", true},
      {"[\\]]", "]", true},
      {"[a\\-c]", "-", true},
  };
  for (const Case& c : cases) {
    CAPTURE(c.pattern, c.path);
    CHECK(matches(c.pattern, c.path, Stars::Name) == c.match);
  }
}

TEST_CASE("two stars go over folders") {
  const Case cases[] = {
      {"**", "a/b", true},
      {"**/x", "x", true},
      {"**/x", "a/x", true},
      {"**/x", "a/b/x", true},
      {"**/x", "a/bx", false},
      {"a/**", "a/b/c", true},
      {"a/**", "a", false},
      {"a/**/b", "a/b", true},
      {"a/**/b", "a/x/y/b", true},
      {"a/**/b", "a/xb", false},
      {"**/*.o", "d/e/f.o", true},
      {"*.o", "d/f.o", false},
      {"**/a/**/b", "x/a/y/b", true},
      {"***", "a/b", true},
      {"a/***/b", "a/c/d/b", true},
  };
  for (const Case& c : cases) {
    CAPTURE(c.pattern, c.path);
    CHECK(matches(c.pattern, c.path, Stars::Path) == c.match);
  }
}

TEST_CASE("bad patterns are refused") {
  for (std::string_view pattern : {"[", "[]", "[a", "[a-", "[^", "[b-a]", "[-a]", "a\\", "[a\\"}) {
    CAPTURE(pattern);
    CHECK_FALSE(Glob::compile(pattern, Stars::Path));
  }
  CHECK_FALSE(Glob::compile(std::string(5000, 'a'), Stars::Path));
}

TEST_CASE("no pattern takes exponential time") {
  std::string pattern, path(4000, 'a');
  for (int i = 0; i < 500; ++i) pattern += "a*";
  CHECK_FALSE(matches(pattern + "b", path, Stars::Path));
}
