#include "imagebuild/dockerfile/shell_words.h"

#include <catch2/catch.hpp>
#include <map>

using namespace kontain::image::dockerfile;

namespace {

const std::map<std::string, std::string, std::less<>> kValues = {
    {"x", "value"},  {"empty", ""},     {"file", "dir/name.tar.gz"},        {"words", "a b  c"},
    {"star", "a*b"}, {"dots", "a.b.c"}, {"uml", "\xc3\xa4\xc3\xb6\xc3\xbc"}};

std::optional<std::string> lookup(std::string_view name) {
  const auto found = kValues.find(name);
  return found == kValues.end() ? std::nullopt : std::optional(found->second);
}

std::string expanded(std::string_view word, char escape = '\\') {
  const auto out = ShellWords(escape).expand(word, lookup);
  return out ? *out : "error: " + out.error();
}

}  // namespace

TEST_CASE("variables are replaced") {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"$x", "value"},
      {"a$x/b", "avalue/b"},
      {"${x}y", "valuey"},
      {"$xy", ""},
      {"$", "$"},
      {"a$", "a$"},
      {"$.", "$."},
      {"${x:-other}", "value"},
      {"${empty:-other}", "other"},
      {"${empty-other}", ""},
      {"${unset-other}", "other"},
      {"${unset:-}", ""},
      {"${unset:-${x}}", "value"},
      {"${unset:-${unset:-deep}}", "deep"},
      {"${unset:-a b}", "a b"},
      {"${x:+other}", "other"},
      {"${empty:+other}", ""},
      {"${empty+other}", "other"},
      {"${unset+other}", ""},
      {"${x:?why}", "value"},
      {"${x?why}", "value"},
      {"${unset:-\\}}", "}"},
      {"$1", ""},
      {"\xc3\xa4$x", "\xc3\xa4value"},
  };
  for (const auto& [word, wanted] : cases) {
    CAPTURE(word);
    CHECK(expanded(word) == wanted);
  }
}

TEST_CASE("quotes and escapes are removed") {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"'$x'", "$x"},         {"\"$x\"", "value"},   {"\"'$x'\"", "'value'"}, {"'a\"b'", "a\"b"},
      {"\\$x", "$x"},         {"\\\\$x", "\\value"}, {"a\\ b", "a b"},        {"\"a\\\"b\"", "a\"b"},
      {"\"a\\nb\"", "a\\nb"}, {"'a\\nb'", "a\\nb"},  {"a\\nb", "anb"},        {"he'll'o\" \"$x", "hello value"},
  };
  for (const auto& [word, wanted] : cases) {
    CAPTURE(word);
    CHECK(expanded(word) == wanted);
  }
  CHECK(expanded("`$x C:\\dir", '`') == "$x C:\\dir");
}

TEST_CASE("patterns cut and replace") {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"${file#*/}", "name.tar.gz"},
      {"${file##*.}", "gz"},
      {"${file#*.}", "tar.gz"},
      {"${file%.*}", "dir/name.tar"},
      {"${file%%.*}", "dir/name"},
      {"${file%/*}", "dir"},
      {"${file#nothing}", "dir/name.tar.gz"},
      {"${file#???}", "/name.tar.gz"},
      {"${uml#?}", "\xc3\xb6\xc3\xbc"},
      {"${uml%?}", "\xc3\xa4\xc3\xb6"},
      {"${star#a\\*}", "b"},
      {"${dots/./-}", "a-b.c"},
      {"${dots//./-}", "a-b-c"},
      {"${dots//./}", "abc"},
      {"${file/\\/*./ }", "dir gz"},
      {"${words// /_}", "a_b__c"},
      {"${unset#a}", ""},
  };
  for (const auto& [word, wanted] : cases) {
    CAPTURE(word);
    CHECK(expanded(word) == wanted);
  }
}

TEST_CASE("what is wrong with a word is said") {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"${x", "error: '}' is missing in ${}"},
      {"${", "error: '}' is missing in ${}"},
      {"${}", "error: bad substitution: no name in ${}"},
      {"${{x}}", "error: bad substitution: no name in ${}"},
      {"${x:-y", "error: '}' is missing in ${}"},
      {"${x:", "error: '}' is missing in ${}"},
      {"${x/a}", "error: '/' is missing in ${}"},
      {"${x:=y}", "error: unsupported modifier ':=' in ${}"},
      {"${x^}", "error: unsupported modifier '^' in ${}"},
      {"${unset:?}", "error: unset: is not allowed to be unset"},
      {"${empty:?}", "error: empty: is not allowed to be empty"},
      {"${unset?set it}", "error: unset: set it"},
      {"'a", "error: a ' has no other end"},
      {"\"a", "error: a \" has no other end"},
      {"${star#\\a}", "error: the pattern '\\a' has an escape before an ordinary character"},
  };
  for (const auto& [word, wanted] : cases) {
    CAPTURE(word);
    CHECK(expanded(word) == wanted);
  }
}

TEST_CASE("words are cut at blanks outside quotes, also those of a value") {
  const auto words = ShellWords('\\').expand_to_words("one 'two three' $words \"$words\" a\\ b", lookup);
  REQUIRE(words);
  CHECK(*words == std::vector<std::string>{"one", "two three", "a", "b", "c", "a b  c", "a b"});
  const auto raw = ShellWords('\\').raw_words("cat <<'E F' \"$x\" a\\ b");
  REQUIRE(raw);
  CHECK(*raw == std::vector<std::string>{"cat", "<<'E F'", "\"$x\"", "a\\ b"});
}

TEST_CASE("in a here-document quotes stay") {
  const auto text = ShellWords('\\').expand_text("it's \"$x\" \\$x \\n ${unset:-d}\n", lookup);
  REQUIRE(text);
  CHECK(*text == "it's \"value\" $x \\n d\n");
}

TEST_CASE("expansion is bounded in depth and size") {
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "${unset:-";
  CHECK(expanded(deep + std::string(1000, '}')) == "error: too many ${ inside each other");
  const auto large = [](std::string_view) { return std::optional(std::string(1 << 16, 'a')); };
  std::string many;
  for (int i = 0; i < 100; ++i) many += "$a";
  CHECK_FALSE(ShellWords('\\').expand(many, large));
  CHECK_FALSE(ShellWords('\\').expand("${a//*/b}", large));
}
