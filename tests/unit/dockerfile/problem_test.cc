#include "imagebuild/dockerfile/problem.h"

#include <catch2/catch.hpp>

using namespace kontain::image::dockerfile;

TEST_CASE("a problem is shown with its line and a caret") {
  CHECK(render({{2, 5}, "what"}, "Dockerfile", "FROM x\nRUN y\n") == "Dockerfile:2:5: what\n 2 | RUN y\n   |     ^");
  CHECK(render({{1, 0}, "what"}, "f", "FROM x\r\n") == "f:1: what\n 1 | FROM x");
  CHECK(render({{}, "what"}, "f", "FROM x") == "f: what");
  CHECK(render({{1, 4}, "what"}, "f", "\t\xc3\xa4x") == "f:1:4: what\n 1 |  \xc3\xa4x\n   |   ^");
}

TEST_CASE("a hostile line cannot forge output or flood it") {
  const std::string shown = render({{1, 1}, "a\nb"}, "f\n", "\x1b[2J\n");
  CHECK(shown == "f\\n:1:1: a\\nb\n 1 | \\x1b[2J\n   | ^");
  const std::string line = std::string(5000, 'a') + "X" + std::string(5000, 'b');
  const std::string cut = render({{1, 5001}, "what"}, "f", line);
  CHECK(cut.size() < 400);
  const size_t second = cut.find("\n 1 | ") + 6, third = cut.find("\n   | ") + 6;
  CHECK(cut[second + (cut.size() - 1 - third)] == 'X');
}
