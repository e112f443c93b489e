#include "imagebuild/oci/reference.h"

#include <catch2/catch.hpp>

namespace kontain::image {
namespace {

TEST_CASE("names of images are taken apart") {
  const std::string digest = "@sha256:" + std::string(64, '0');
  const struct {
    std::string text, registry, repository, tag, full;
  } kCases[] = {
      {"app", "", "app", "latest", "app:latest"},
      {"app:1.0", "", "app", "1.0", "app:1.0"},
      {"a/b-c/d__e", "", "a/b-c/d__e", "latest", "a/b-c/d__e:latest"},
      {"localhost/app", "localhost", "app", "latest", "localhost/app:latest"},
      {"localhost:5000/app:x", "localhost:5000", "app", "x", "localhost:5000/app:x"},
      {"[::1]:5000/app", "[::1]:5000", "app", "latest", "[::1]:5000/app:latest"},
      {"registry.test/n/app" + digest, "registry.test", "n/app", "", "registry.test/n/app" + digest},
      {"app:t" + digest, "", "app", "t", "app:t" + digest},
  };
  for (const auto& wanted : kCases) {
    INFO(wanted.text);
    const auto found = Reference::parse(wanted.text);
    REQUIRE(found);
    CHECK(found->registry == wanted.registry);
    CHECK(found->repository == wanted.repository);
    CHECK(found->tag == wanted.tag);
    CHECK(found->text() == wanted.full);
  }
}

TEST_CASE("what is no name of an image is refused") {
  for (const std::string text : {"",
                                 "/",
                                 "App",
                                 "a//b",
                                 "a/",
                                 "../a",
                                 "a/../b",
                                 "a..b",
                                 "a:",
                                 "a: ",
                                 "a:b:c",
                                 "a@",
                                 "a@sha256:12",
                                 "-a",
                                 "a-",
                                 "a___b",
                                 "host.test:99999999/a",
                                 "host.test:x/a",
                                 "ho st.test/a",
                                 "a\nb",
                                 "host.test@evil/a",
                                 "a:-x"}) {
    INFO(text);
    CHECK_FALSE(Reference::parse(text));
  }
  CHECK_FALSE(Reference::parse("a:" + std::string(129, 'x')));
  CHECK_FALSE(Reference::parse(std::string(256, 'x')));
}

}  // namespace
}  // namespace kontain::image
