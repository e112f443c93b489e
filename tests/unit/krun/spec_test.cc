#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "krun/spec/fields.h"
#include "krun/spec/parse.h"

namespace kontain::krun::spec {
namespace {

std::string config(const std::string& more = "") {
  return R"({"ociVersion":"1.0.2","root":{"path":"rootfs"},"linux":{"namespaces":[{"type":"mount"}]})" + more + "}";
}

Error error_of(const std::string& text) {
  const auto parsed = parse_config(text, "config.json");
  REQUIRE_FALSE(parsed);
  return parsed.error();
}

std::string process(const std::string& more = "") { return R"({"cwd":"/","args":["sh"])" + more + "}"; }

TEST_CASE("a small configuration is read") {
  const auto parsed = parse_config(config(), "config.json");
  REQUIRE(parsed);
  CHECK(parsed->root_path == "rootfs");
  CHECK(parsed->makes_namespace(CLONE_NEWNS));
  CHECK_FALSE(parsed->process);
}

TEST_CASE("a process is read with what it is not given by default") {
  const auto parsed = parse_process(process(R"(,"user":{"uid":7,"gid":8,"additionalGids":[1,2]},
    "capabilities":{"bounding":["CAP_CHOWN","CAP_KILL","CAP_OF_TOMORROW"]},
    "rlimits":[{"type":"RLIMIT_NOFILE","soft":1,"hard":2}])"),
                                    "process.json");
  REQUIRE(parsed);
  CHECK(parsed->user.uid == 7);
  CHECK(parsed->user.additional_gids == std::vector<uint32_t>{1, 2});
  CHECK(parsed->capabilities->bounding == ((1u << 0) | (1u << 5)));
  CHECK(parsed->rlimits.at(0).resource == RLIMIT_NOFILE);
  CHECK_FALSE(parsed->no_new_privileges);
}

TEST_CASE("an error names the place") {
  CHECK(error_of("{").message().find("byte 2") != std::string::npos);
  CHECK(error_of("[]").message().find("must be an object") != std::string::npos);
  CHECK(error_of(config(R"(,"hostname":1)")).detail == "hostname");
  CHECK(error_of(config(R"(,"process":{"args":["x"]})")).detail == "process.cwd");
  CHECK(error_of(config(R"(,"process":{"cwd":"x","args":["x"]})")).detail == "process.cwd");
  CHECK(error_of(config(R"(,"process":{"cwd":"/","args":["a\u0000b"]})")).detail == "process.args[]");
  CHECK(error_of(config(R"(,"process":)" + process(R"(,"user":{"uid":-1})"))).detail == "process.user.uid");
  CHECK(error_of(config(R"(,"process":)" + process(R"(,"user":{"uid":4294967296})"))).detail == "process.user.uid");
  CHECK(error_of(config(R"(,"hostname":"x")")).detail == "hostname");  // no uts namespace
  CHECK(error_of(R"({"ociVersion":"2.0","root":{"path":"r"},"linux":{"namespaces":[{"type":"mount"}]}})").detail ==
        "ociVersion");
}

TEST_CASE("limits are checked") {
  const auto failure = [](const std::string& limits) {
    const auto parsed = parse_process(process(",\"rlimits\":" + limits), "p");
    return parsed ? "" : parsed.error().detail;
  };
  CHECK(failure(R"([{"type":"RLIMIT_X","soft":1,"hard":1}])") == "rlimits[].type");
  CHECK(failure(R"([{"type":"RLIMIT_AS","soft":2,"hard":1}])") == "rlimits[].soft");
  CHECK(failure(R"([{"type":"RLIMIT_AS","soft":1,"hard":1},{"type":"RLIMIT_AS","soft":1,"hard":1}])") ==
        "rlimits[].type");
}

TEST_CASE("what is refused is an error only when it is set") {
  CHECK(parse_config(config(R"(,"vm":{"image":{}})"), "c"));
  CHECK(error_of(config(R"(,"vm":{"image":{"path":"x"}})")).detail == "vm.image");
}

TEST_CASE("every row of the table of fields is there once, and says why") {
  std::set<std::string> honoured;
  for (const FieldRow& row : field_table()) {
    INFO(row.field);
    CHECK((row.treatment == Treatment::Honoured || !row.note.empty()));
    CHECK(honoured.insert(std::string(row.field)).second);
  }
}

TEST_CASE("docs/krun-spec.md is the table") {
  std::ifstream file(std::string(KONTAIN_SOURCE_DIR) + "/docs/krun-spec.md");
  std::stringstream text;
  text << file.rdbuf();
  CHECK(text.str() == fields_as_markdown());
}

TEST_CASE("resources") {
  const auto parsed = parse_resources(
      R"({"memory":{"limit":-1,"swappiness":18446744073709551615},"cpu":{"shares":5},"devices":[{"allow":false}]})",
      "r");
  REQUIRE(parsed);
  CHECK(parsed->memory_limit == -1);
  CHECK_FALSE(parsed->swappiness);
  CHECK(parsed->cpu_shares == 5u);
  CHECK(parsed->devices.at(0).type == 'a');
  CHECK_FALSE(parse_resources(R"({"devices":[{"access":"rx"}]})", "r"));
}

}  // namespace
}  // namespace kontain::krun::spec
