#include "imagebuild/transport/locator.h"

#include <catch2/catch.hpp>

#include "tests/unit/image/scratch.h"

namespace kontain::image {
namespace {

TEST_CASE("where an image is read from") {
  const struct {
    std::string text;
    LocatorKind kind;
    std::string path, name;
  } kCases[] = {
      {"oci:/a/b", LocatorKind::Layout, "/a/b", ""},
      {"oci:d:app:v1", LocatorKind::Layout, "d", "app:v1"},
      {"oci-archive:f.tar", LocatorKind::OciArchive, "f.tar", ""},
      {"docker-archive:f.tar:app:v1", LocatorKind::DockerArchive, "f.tar", "app:v1"},
      {"docker://registry.test/a:b", LocatorKind::Registry, "", "registry.test/a:b"},
      {"registry:registry.test/a", LocatorKind::Registry, "", "registry.test/a"},
      {"app", LocatorKind::Store, "", "app"},
      {"app:v1", LocatorKind::Store, "", "app:v1"},
      {"docker", LocatorKind::Store, "", "docker"},
      {"podman:v4", LocatorKind::Store, "", "podman:v4"},
      {"registry", LocatorKind::Store, "", "registry"},
  };
  for (const auto& wanted : kCases) {
    INFO(wanted.text);
    const auto found = Locator::parse_source(wanted.text);
    REQUIRE(found);
    CHECK(found->kind == wanted.kind);
    CHECK(found->path == wanted.path);
    CHECK(found->name == wanted.name);
  }
  CHECK_FALSE(Locator::parse_source(""));
  CHECK_FALSE(Locator::parse_source("oci:"));
  CHECK_FALSE(Locator::parse_source("/nonexistent"));
}

TEST_CASE("a path is told by what lies there") {
  const Scratch scratch;
  scratch.write("layout/oci-layout", "{}");
  scratch.write("other/file", "x");
  CHECK(Locator::parse_source(scratch.path("layout"))->kind == LocatorKind::Layout);
  CHECK(Locator::parse_source(scratch.path("other/file"))->kind == LocatorKind::OciArchive);
  CHECK_FALSE(Locator::parse_source(scratch.path("other")));
}

TEST_CASE("where an image is put") {
  CHECK(Locator::parse_output("docker")->kind == LocatorKind::Docker);
  CHECK(Locator::parse_output("podman:other:v2")->name == "other:v2");
  CHECK(Locator::parse_output("registry")->kind == LocatorKind::Registry);
  CHECK(Locator::parse_output("oci-archive:-")->path == "-");
  for (const char* text : {"", "zip:f", "oci", "/tmp/x"}) {
    INFO(text);
    CHECK_FALSE(Locator::parse_output(text));
  }
}

}  // namespace
}  // namespace kontain::image
