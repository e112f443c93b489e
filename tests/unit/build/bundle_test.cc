#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "imagebuild/build/run.h"
#include "imagebuild/build/step_cache.h"

using namespace kontain::image;
using namespace kontain::image::build;
using nlohmann::json;

namespace {

json config_of(const RunRequest& request) { return json::parse(bundle_config(request)); }

bool has_namespace(const json& config, const std::string& type) {
  for (const auto& one : config["linux"]["namespaces"]) {
    if (one["type"] == type) return true;
  }
  return false;
}

bool has_mount(const json& config, const std::string& destination) {
  for (const auto& one : config["mounts"]) {
    if (one["destination"] == destination) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("a step has no network unless it is asked for") {
  RunRequest request;
  CHECK(has_namespace(config_of(request), "network"));
  CHECK_FALSE(has_mount(config_of(request), "/etc/resolv.conf"));
  request.network = Network::Host;
  CHECK_FALSE(has_namespace(config_of(request), "network"));
  CHECK(has_mount(config_of(request), "/etc/resolv.conf"));
}

TEST_CASE("a step's process") {
  RunRequest request;
  request.arguments = {"/bin/sh", "-c", "true"};
  request.environment = {"A=\xff"};
  request.working_dir = "/w";
  request.user = {1000, 1001, {5}, "/"};
  request.folder = "/f";
  request.merged = "m";
  const json config = config_of(request);
  CHECK(config["process"]["args"] == json({"/bin/sh", "-c", "true"}));
  CHECK(config["process"]["user"]["additionalGids"] == json({5}));
  CHECK(config["process"]["capabilities"]["effective"].empty());
  CHECK(config["root"]["path"] == "/f/m");
  CHECK_FALSE(has_mount(config, "/dev/pipes"));
  request.user = {};
  request.scripts = {{"script", "#!/bin/sh\n"}};
  CHECK(has_mount(config_of(request), "/dev/pipes"));
  CHECK_FALSE(config_of(request)["process"]["capabilities"]["effective"].empty());
}

TEST_CASE("a step is repeatable when it is asked to be") {
  RunRequest request;
  CHECK_FALSE(config_of(request).contains("annotations"));
  request.repeatable.clock = 0;
  CHECK(config_of(request)["annotations"] == json({{"app.kontain.clock", "0.001"}}));
  request.repeatable.random_seed = UINT64_MAX;
  CHECK(config_of(request)["annotations"] ==
        json({{"app.kontain.clock", "0.001"}, {"app.kontain.random-seed", "18446744073709551615"}}));
}

TEST_CASE("keys of steps tell fields apart") {
  CHECK(StepKey("a").add("b").digest() != StepKey("ab").digest());
  CHECK(StepKey("a").add("bc").add("").digest() != StepKey("a").add("b").add("c").digest());
  const std::vector<std::string> one = {"x"}, two = {"x", "y"};
  CHECK(StepKey("a").add_all(one).add("y").digest() != StepKey("a").add_all(two).digest());
  CHECK(StepKey("a").add("b").digest() == StepKey("a").add("b").digest());
}
