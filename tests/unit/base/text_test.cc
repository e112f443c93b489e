#include "base/text.h"

#include <catch2/catch.hpp>

namespace kontain {
namespace {

using Parts = std::vector<std::string>;
using std::string_literals::operator""s;

TEST_CASE("printable text stays as it is") {
  CHECK(escape_control("") == "");
  CHECK(escape_control("plain ~ text") == "plain ~ text");
  CHECK(escape_control("Gr\xc3\xbc\xc3\x9f"
                       "e \xe2\x82\xac \xf0\x9f\x90\xa7") ==
        "Gr\xc3\xbc\xc3\x9f"
        "e \xe2\x82\xac \xf0\x9f\x90\xa7");
}

TEST_CASE("control characters become visible") {
  CHECK(escape_control("a\nb\tc\rd") == "a\\nb\\tc\\x0dd");
  CHECK(escape_control("\0\x1f\x7f"s) == "\\x00\\x1f\\x7f");
}

TEST_CASE("the eight-bit control characters, which some terminals obey, become visible") {
  CHECK(escape_control("\xc2\x9b"
                       "2J") == "\\xc2\\x9b2J");
  CHECK(escape_control("\xc2\x80 \xc2\x9f") == "\\xc2\\x80 \\xc2\\x9f");
  CHECK(escape_control("\xc2\xa0") == "\xc2\xa0");
}

TEST_CASE("bytes that are no UTF-8 become visible") {
  CHECK(escape_control("\x80") == "\\x80");           // a continuation with no start
  CHECK(escape_control("\xff\xfe") == "\\xff\\xfe");  // never part of UTF-8
  CHECK(escape_control("\xe2\x82") == "\\xe2\\x82");  // cut short by the end
  CHECK(escape_control("\xe2(x") == "\\xe2(x");       // cut short by another character
  CHECK(escape_control("\xc0\x8a") == "\\xc0\\x8a");  // a newline in two bytes
  CHECK(escape_control("\xe0\x80\x8a") == "\\xe0\\x80\\x8a");
  CHECK(escape_control("\xed\xa0\x80") == "\\xed\\xa0\\x80");           // a surrogate
  CHECK(escape_control("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");  // above U+10FFFF
  CHECK(escape_control("\xf0\x80\x80\x8a") == "\\xf0\\x80\\x80\\x8a");
}

TEST_CASE("split keeps empty parts but an empty text has none") {
  CHECK(split("", ',') == Parts{});
  CHECK(split("a", ',') == Parts{"a"});
  CHECK(split("a,b,c", ',') == Parts{"a", "b", "c"});
  CHECK(split(",a,,", ',') == Parts{"", "a", "", ""});
  CHECK(split(",", ',') == Parts{"", ""});
}

}  // namespace
}  // namespace kontain
