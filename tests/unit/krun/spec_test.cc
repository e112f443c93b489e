#include <sys/resource.h>

#include <algorithm>
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

// A configuration with something in everything that is read only where it is there.
const char* const kFull = R"({"ociVersion":"1.2.0","hostname":"h","domainname":"d","root":{"path":"r"},
  "process":{"cwd":"/","args":["x"],"capabilities":{"bounding":["CAP_KILL"]},
    "rlimits":[{"type":"RLIMIT_NOFILE","soft":1,"hard":1}],"scheduler":{"policy":"SCHED_OTHER"},
    "ioPriority":{"class":"IOPRIO_CLASS_BE","priority":1},"user":{"uid":1}},
  "mounts":[{"destination":"/x","uidMappings":[{"containerID":0,"hostID":0,"size":1}]}],
  "hooks":{"prestart":[{"path":"/x"}],"poststop":[{"path":"/x"}]},"annotations":{"a":"b"},
  "linux":{"namespaces":[{"type":"mount"},{"type":"uts"},{"type":"user"},{"type":"time"}],
    "uidMappings":[{"containerID":0,"hostID":0,"size":1}],"timeOffsets":{"monotonic":{"secs":1},"boottime":{"secs":1}},
    "devices":[{"path":"/x","type":"c","major":1,"minor":1}],"sysctl":{"net.a":"1"},
    "resources":{"devices":[{"allow":false}],"blockIO":{"weightDevice":[{"major":1,"minor":1}],
      "throttleReadBpsDevice":[{"major":1,"minor":1,"rate":1}]},"unified":{"a":"b"}},
    "seccomp":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW",
      "args":[{"index":0,"value":0,"op":"SCMP_CMP_EQ"}]}]}},
  "vm":{"hypervisor":{"parameters":["--a=b"]}}})";

bool is_at_or_below(const std::string& place, std::string_view field) {
  return place.compare(0, field.size(), field) == 0 &&
         (place.size() == field.size() || place[field.size()] == '.' || place[field.size()] == '[');
}

TEST_CASE("the parser reads what the table says is honoured, and nothing else") {
  const std::set<std::string> places = places_read(kFull);
  REQUIRE(places.size() > 100);
  for (const FieldRow& row : field_table()) {
    INFO(row.field);
    const bool read =
        std::any_of(places.begin(), places.end(), [&](const auto& p) { return is_at_or_below(p, row.field); });
    CHECK(read == (row.treatment == Treatment::Honoured));
  }
  for (const std::string& place : places) {
    INFO(place);
    const bool known = std::ranges::any_of(field_table(), [&](const FieldRow& row) {
      // "linux.resources" is on the way to a field.
      return is_at_or_below(place, row.field) || is_at_or_below(std::string(row.field), place);
    });
    CHECK(known);
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
  const auto huge = parse_resources(R"({"hugepageLimits":[{"pageSize":"2MB","limit":4194304}]})", "r");
  REQUIRE(huge);
  CHECK(huge->huge_pages.at(0).page_size == "2MB");
  CHECK(huge->huge_pages.at(0).bytes == 4194304);
  for (const char* size : {"", "MB", "2", "2mb", "2MB/x", "../2MB", "-2MB"}) {
    CHECK_FALSE(parse_resources(R"({"hugepageLimits":[{"limit":1,"pageSize":")" + std::string(size) + R"("}]})", "r"));
  }
  CHECK(parse_resources(R"({"rdma":{}})", "r"));
  CHECK_FALSE(parse_resources(R"({"rdma":{"x":{"hcaHandles":1}}})", "r"));
  CHECK_FALSE(parse_resources(R"({"network":{"classID":7}})", "r"));
}

}  // namespace
}  // namespace kontain::krun::spec
