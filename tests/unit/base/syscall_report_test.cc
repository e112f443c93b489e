#include "base/abi/syscall_report.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/abi/syscalls.h"

namespace kontain::abi {

TEST_CASE("docs/syscalls.md is what the table says (km --syscalls=markdown > docs/syscalls.md)") {
  std::ifstream file(KONTAIN_SOURCE_DIR "/docs/syscalls.md");
  REQUIRE(file);
  std::ostringstream committed;
  committed << file.rdbuf();
  CHECK((committed.str() == syscalls_as_markdown()));
}

TEST_CASE("the JSON form has every call") {
  const auto rows = nlohmann::json::parse(syscalls_as_json());
  REQUIRE(rows.size() == syscall_table().size());
  CHECK(rows[0]["name"] == "read");
  CHECK(rows[0]["support"] == "full");
  CHECK_FALSE(rows[0].contains("errno"));
  for (const auto& row : rows) {
    INFO(row.dump());
    CHECK(row.contains("errno") == (row["support"] == "refused"));
    if (row.contains("errno")) CHECK(row["errno"] != "");
    CHECK(row.contains("note") == (row["support"] != "full"));
  }
}

TEST_CASE("the text form has a line for every call and the counts") {
  std::istringstream text(syscalls_as_text());
  size_t lines = 0;
  for (std::string line; std::getline(text, line); ++lines) {
    INFO(line);
    CHECK_FALSE(line.empty());
    CHECK(line.back() != ' ');
  }
  CHECK(lines == syscall_table().size() + 1);
  CHECK(syscalls_as_text().find("\n425  io_uring_setup           refused  ENOSYS: ") != std::string::npos);
}

}  // namespace kontain::abi
