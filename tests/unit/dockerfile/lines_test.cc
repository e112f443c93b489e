#include "imagebuild/dockerfile/lines.h"

#include <catch2/catch.hpp>

using namespace kontain::image::dockerfile;

namespace {

std::vector<std::string> texts(std::string_view source) {
  const auto lines = read_lines(source);
  REQUIRE(lines);
  std::vector<std::string> out;
  for (const LogicalLine& line : lines->lines) out.push_back(line.text);
  return out;
}

std::string failure(std::string_view source) {
  const auto lines = read_lines(source);
  REQUIRE_FALSE(lines);
  return std::to_string(lines.error().place.line) + ":" + std::to_string(lines.error().place.column) + " " +
         lines.error().text;
}

}  // namespace

TEST_CASE("comments and empty lines are no instructions") {
  CHECK(texts("# a\n\nFROM x\n  # b\n\t RUN y\n#end") == std::vector<std::string>{"FROM x", "RUN y"});
  CHECK(texts("").empty());
  CHECK(texts("\xef\xbb\xbf"
              "FROM x\r\nRUN y\r\n") == std::vector<std::string>{"FROM x", "RUN y"});
}

TEST_CASE("a backslash continues a line") {
  CHECK(texts("RUN a \\\n  b \\  \n# no\n\n  c\nRUN d") == std::vector<std::string>{"RUN a   b   c", "RUN d"});
  CHECK(texts("RUN a \\\\\nRUN b") == std::vector<std::string>{"RUN a \\\\", "RUN b"});
  CHECK(texts("RUN a \\") == std::vector<std::string>{"RUN a "});
  const auto lines = read_lines("RUN a \\\n\n b");
  REQUIRE(lines);
  REQUIRE(lines->warnings.size() == 1);
  CHECK(lines->warnings[0].place.line == 2);
}

TEST_CASE("the escape directive changes the escape character") {
  CHECK(texts("# escape=`\nRUN a `\n b\nRUN c \\\nRUN d") == std::vector<std::string>{"RUN a  b", "RUN c \\", "RUN d"});
  const auto lines = read_lines("# syntax = docker/dockerfile:1 \n# Escape = ` \nFROM x");
  REQUIRE(lines);
  CHECK(lines->syntax == "docker/dockerfile:1");
  CHECK(lines->escape == '`');
  // Behind a comment or an instruction it is a comment.
  CHECK(read_lines("# hello\n# escape=`\nFROM x")->escape == '\\');
  CHECK(failure("# escape=x\nFROM y") == "1:10 the escape character is either \\ or `");
  CHECK(failure("# escape=`\n# escape=`\n") == "2:10 the directive 'escape' is given twice");
}

TEST_CASE("here-documents are taken from below") {
  const auto lines = read_lines("FROM x\nRUN <<A cat <<-'B C' 3<<D\none\nA\n\ttwo\n\tB C\n$three\nD\nRUN y");
  REQUIRE(lines);
  REQUIRE(lines->lines.size() == 3);
  const LogicalLine& run = lines->lines[1];
  REQUIRE(run.heredocs.size() == 3);
  CHECK(run.heredocs[0].name == "A");
  CHECK(run.heredocs[0].data == "one\n");
  CHECK(run.heredocs[0].expand);
  CHECK(run.heredocs[1].name == "B C");
  CHECK(run.heredocs[1].content() == "two\n");
  CHECK(run.heredocs[1].chomp);
  CHECK_FALSE(run.heredocs[1].expand);
  CHECK(run.heredocs[2].data == "$three\n");
  CHECK(run.last_line == 8);
  CHECK(lines->lines[2].text == "RUN y");
}

TEST_CASE("only RUN, COPY, ADD and ONBUILD have here-documents") {
  CHECK(texts("ENV a=<<E\nFROM x") == std::vector<std::string>{"ENV a=<<E", "FROM x"});
  CHECK(failure("FROM x\nCOPY <<E /f\na\n") == "2:6 this here-document has no end: no line is 'E'");
  CHECK(texts("RUN echo $((1<<2))\nRUN a <<< b\n") == std::vector<std::string>{"RUN echo $((1<<2))", "RUN a <<< b"});
}

TEST_CASE("every byte of a logical line has its place") {
  const auto lines = read_lines("FROM x\n  RUN ab \\\n    cd");
  REQUIRE(lines);
  const LogicalLine& run = lines->lines[1];
  CHECK(run.text == "RUN ab     cd");
  CHECK(run.place_of(0) == Place{2, 3});
  CHECK(run.place_of(4) == Place{2, 7});
  CHECK(run.place_of(run.text.find("cd")) == Place{3, 5});
}

TEST_CASE("what is no text is refused") {
  CHECK(failure(std::string_view("FROM x\nRUN a\0b", 14)) == "2:0 there is a NUL byte: this is no text");
  CHECK(failure(std::string(kMaxFileSize + 1, '\n')) == "0:0 the file is too long");
}
