#include "imagebuild/context/ignore.h"

#include <catch2/catch.hpp>

using namespace kontain::image::context;

namespace {

IgnoreList parsed(std::string_view text) {
  auto list = IgnoreList::parse(text, ".dockerignore");
  REQUIRE(list);
  return std::move(*list);
}

}  // namespace

TEST_CASE("a pattern leaves out what it matches and what is in it") {
  const IgnoreList list = parsed("# comment\n\n  *.o  \n/build/\n./a/./b\nsub/*.txt\n");
  CHECK(list.ignores("x.o"));
  CHECK_FALSE(list.ignores("d/x.o"));
  CHECK(list.ignores("build"));
  CHECK(list.ignores("build/x/y"));
  CHECK_FALSE(list.ignores("x/build"));
  CHECK(list.ignores("a/b/c"));
  CHECK_FALSE(list.ignores("a"));
  CHECK(list.ignores("sub/f.txt"));
  CHECK_FALSE(list.ignores("sub/d/f.txt"));
  CHECK_FALSE(list.has_exceptions());
}

TEST_CASE("the last pattern that matches decides") {
  const IgnoreList list = parsed("*\n!src\n! keep.md\nsrc/**/*.o\n!src/needed.o\n");
  CHECK(list.has_exceptions());
  CHECK(list.ignores("other"));
  CHECK_FALSE(list.ignores("src"));
  CHECK_FALSE(list.ignores("src/a/b.c"));
  CHECK(list.ignores("src/a/b.o"));
  CHECK_FALSE(list.ignores("src/needed.o"));
  CHECK_FALSE(list.ignores("keep.md"));
  CHECK(parsed("!a\na").ignores("a"));
}

TEST_CASE("what is no comment and what is no pattern") {
  CHECK(parsed(" #x\n").ignores("#x"));
  CHECK_FALSE(parsed("#x\n").ignores("#x"));
  CHECK_FALSE(parsed(".\n/\n").ignores("a"));
  CHECK(parsed("\xef\xbb\xbf"
               "a\r\n")
            .ignores("a"));
}

TEST_CASE("errors name the line") {
  const auto bad = IgnoreList::parse("a\n[x\n", "dir/.dockerignore");
  REQUIRE_FALSE(bad);
  CHECK(bad.error().message() == "dir/.dockerignore:2: [x: a [ without a ]");
  CHECK_FALSE(IgnoreList::parse("!\n", "f"));
  CHECK_FALSE(IgnoreList::parse(std::string(2 << 20, 'a'), "f"));
}

TEST_CASE("paths in one spelling") {
  CHECK(clean_path("./a//b/") == "a/b");
  CHECK(clean_path("/a/../../b") == "b");
  CHECK(clean_path(".").empty());
  CHECK(clean_path("").empty());
}
