#include "imagebuild/build/plan.h"

#include <catch2/catch.hpp>

#include "imagebuild/dockerfile/parser.h"

using namespace kontain::image::build;

namespace {

// The stages of the plan, with what they need, or what is wrong.
std::string planned(std::string_view text, const BuildOptions& options = {}) {
  const auto file = kontain::image::dockerfile::parse(text);
  REQUIRE(file);
  const auto plan = make_plan(*file, options);
  if (!plan) return std::to_string(plan.error().place.line) + " " + plan.error().text;
  std::string out;
  for (const PlannedStage& stage : plan->stages) {
    out += (out.empty() ? "" : " ") + stage.name + "=";
    const Origin& base = stage.base;
    if (base.kind == Origin::Kind::Scratch) out += "scratch";
    if (base.kind == Origin::Kind::Stage) out += "stage";
    if (base.kind == Origin::Kind::Context) out += "context";
    if (base.kind == Origin::Kind::Image) out += base.name;
    for (size_t need : stage.needs) out += "," + std::to_string(need);
  }
  return out;
}

BuildOptions with_target(const std::string& target) {
  BuildOptions options;
  options.target = target;
  return options;
}

constexpr std::string_view kStages =
    "FROM scratch AS a\nFROM debian AS b\nCOPY --from=a / /\nFROM a AS c\nFROM scratch\nCOPY --from=1 / /\n";

}  // namespace

TEST_CASE("only the stages that the target needs are in the plan") {
  CHECK(planned(kStages) == "a=scratch b=debian,0 3=scratch,1");
  CHECK(planned(kStages, with_target("c")) == "a=scratch c=stage,0");
  CHECK(planned(kStages, with_target("B")) == "a=scratch b=debian,0");
  CHECK(planned(kStages, with_target("0")) == "a=scratch");
  CHECK(planned(kStages, with_target("x")) == "0 --target: there is no stage 'x'");
  CHECK(planned(kStages, with_target("9")) == "0 --target: there is no stage '9'");
}

TEST_CASE("images are named with arguments") {
  const std::string text = "ARG v=1\nARG name=base:$v\nFROM ${name:-x}\n";
  CHECK(planned(text) == "0=base:1");
  BuildOptions options;
  options.build_args["v"] = "2";
  CHECK(planned(text, options) == "0=base:2");
  CHECK(planned("FROM $TARGETARCH") == "0=amd64");
  CHECK(planned("FROM --platform=$BUILDPLATFORM a") == "0=a");
  CHECK(planned("FROM $nothing") == "1 the image's name is empty: '$nothing'");
}

TEST_CASE("contexts by name stand before images") {
  BuildOptions options;
  options.contexts["debian"] = "/somewhere";
  CHECK(planned("FROM debian", options) == "0=context");
  CHECK(planned("FROM scratch AS debian\nFROM debian", options) == "debian=scratch 1=stage,0");
}

TEST_CASE("what cannot be planned has a place") {
  CHECK(planned("FROM --platform=linux/arm64 a") == "1 --platform=linux/arm64: only linux/amd64 is supported");
  CHECK(planned("FROM b AS a\nFROM a AS b") == "1 the stage 'b' comes only later");
  CHECK(planned("FROM a\nCOPY --from=0 / /") == "2 there is no stage 0 before this one");
  CHECK(planned("FROM x AS a\nCOPY --from=a / /") == "2 the stage 'a' refers to itself");
  CHECK(planned("FROM x\nCOPY --from=$y / /") == "2 --from=$y: variables are not possible here");
}

TEST_CASE("a stage sees the arguments that it declares") {
  const std::map<std::string, std::string> given = {{"g", "given"}};
  const Values global = {{"top", "value"}};
  StageVariables variables(given, global);
  const std::vector<std::string> env = {"e=env", "both=env", "empty="};
  CHECK_FALSE(variables.find("top", env));
  variables.declare("top", std::nullopt);
  variables.declare("g", "default");
  variables.declare("own", "default");
  variables.declare("both", "arg");
  variables.declare("TARGETOS", std::nullopt);
  variables.declare("unset", std::nullopt);
  CHECK(variables.find("top", env) == "value");
  CHECK(variables.find("g", env) == "given");
  CHECK(variables.find("own", env) == "default");
  CHECK(variables.find("both", env) == "env");
  CHECK(variables.find("TARGETOS", env) == "linux");
  CHECK(variables.find("empty", env) == "");
  CHECK_FALSE(variables.find("unset", env));
  CHECK_FALSE(variables.find("emp", env));
}
