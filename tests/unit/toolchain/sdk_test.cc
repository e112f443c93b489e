#include "linker/sdk.h"

#include <catch2/catch.hpp>

namespace kontain::linker {

TEST_CASE("the parts of the SDK stand next to bin/") {
  const Sdk sdk = sdk_around("/opt/kontain/bin");
  CHECK(sdk.bin == "/opt/kontain/bin");
  CHECK(sdk.sysroot == "/opt/kontain/lib/kontain/sysroot");
  CHECK(sdk.clang == "/opt/kontain/lib/kontain/clang");
}

TEST_CASE("the SDK is looked for around the running executable") {
  const auto sdk = find_sdk();
  REQUIRE(sdk);
  CHECK(sdk->bin.front() == '/');
}

}  // namespace kontain::linker
