#include "km/elf/shebang.h"

#include <catch2/catch.hpp>
#include <cerrno>

using namespace kontain::elf;

namespace {

Parsed<std::optional<Shebang>> parse_text(std::string_view text) {
  return parse_shebang(std::as_bytes(std::span(text)));
}

// "path" or "path|argument" of a line that is a script's.
std::string read(std::string_view text) {
  const auto parsed = parse_text(text);
  if (!parsed) return "refused: " + parsed.error().reason;
  if (!*parsed) return "no script";
  const Shebang& shebang = **parsed;
  return shebang.interpreter + (shebang.argument ? "|" + *shebang.argument : "");
}

}  // namespace

TEST_CASE("a #! line is read as Linux reads it") {
  CHECK(read("#!/bin/sh\necho") == "/bin/sh");
  CHECK(read("#! \t/bin/sh \t\n") == "/bin/sh");
  CHECK(read("#!/usr/bin/env python3 -u \n") == "/usr/bin/env|python3 -u");
  CHECK(read("#!/bin/sh\t -e\t-x\n") == "/bin/sh|-e\t-x");
  CHECK(read("#!/bin/sh\r\n") == "/bin/sh\r");
  CHECK(read("#!sh") == "sh");
  CHECK(read("#!/bin/awk -f") == "/bin/awk|-f");
  CHECK(read("#!/bin/awk ") == "/bin/awk|");
  CHECK(read(std::string_view("#!/bin/sh\0-x\n", 13)) == "/bin/sh");
  CHECK(read(std::string_view("#!/bin/sh -a\0b \n", 16)) == "/bin/sh|-a");
}

TEST_CASE("other files are no scripts") {
  CHECK(read("") == "no script");
  CHECK(read("#") == "no script");
  CHECK(read(" #!/bin/sh\n") == "no script");
  CHECK(read("\177ELF") == "no script");
}

TEST_CASE("a #! line without an interpreter is refused") {
  for (const std::string_view text : {"#!", "#!\n", "#! \t \n/bin/sh", "#!   "}) {
    CHECK(read(text) == "refused: its #! line names no interpreter");
  }
  CHECK(parse_text("#!\n").error().kind == RejectKind::BadScript);
  CHECK(exec_errno(parse_text("#!\n").error()) == ENOEXEC);
  CHECK(exec_errno(parse_text("#! ").error()) == ENOENT);
}

TEST_CASE("only 256 bytes count") {
  const std::string path = "/" + std::string(252, 'a');  // fills the 255 usable bytes
  CHECK(read("#!" + path + "\nmore") == path);
  CHECK(read("#!" + path) == path);
  CHECK(read("#!" + path + " ") == path);
  CHECK(read("#!" + path.substr(1) + " ") == path.substr(1));
  CHECK(read("#!" + path + "bc") == "refused: its #! line is longer than 255 bytes");
  CHECK(read("#!" + path + "b") == "refused: its #! line is longer than 255 bytes");
  CHECK(read("#!" + path.substr(1) + " -x\n") == path.substr(1));
  // A path that ended is whole; the argument behind it is cut.
  const std::string argument(300, 'x');
  CHECK(read("#!/bin/sh " + argument) == "/bin/sh|" + std::string(245, 'x'));
}
