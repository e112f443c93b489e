#include "imagebuild/registry/auth.h"

#include <catch2/catch.hpp>

#include "imagebuild/registry/client.h"
#include "imagebuild/registry/reply.h"

namespace kontain::image {
namespace {

TEST_CASE("challenges are taken apart") {
  const auto bearer =
      parse_challenge(R"(Bearer realm="https://a.test/t?x=1",service="s \"q\"", scope="repository:a:pull,push")");
  REQUIRE(bearer);
  CHECK(bearer->scheme == "bearer");
  CHECK(bearer->parameters.at("realm") == "https://a.test/t?x=1");
  CHECK(bearer->parameters.at("service") == "s \"q\"");
  CHECK(bearer->parameters.at("scope") == "repository:a:pull,push");
  CHECK(parse_challenge("Basic")->scheme == "basic");
  CHECK(parse_challenge("Basic realm=x, Bearer realm=y")->parameters.at("realm") == "x");
  for (const char* text : {"", "=", "Bearer realm=\"open", "Bearer \x01"}) {
    INFO(text);
    CHECK_FALSE(parse_challenge(text));
  }
}

TEST_CASE("credentials are found by the registry's name") {
  const std::string text = R"({"auths":{"https://a.test/v1/":{"auth":"dXNlcjpwYTpzcw=="},"b.test:5000":{"username":"u",
    "password":"p"},"c.test":{"auth":"","identitytoken":"t"},"d.test":{"auth":"***"}},"credHelpers":{"e.test":"gcloud"}})";
  CHECK((*credentials_in(text, "a.test", "f"))->user == "user");
  CHECK((*credentials_in(text, "a.test", "f"))->password == "pa:ss");
  CHECK((*credentials_in(text, "b.test:5000", "f"))->password == "p");
  CHECK((*credentials_in(text, "c.test", "f"))->identity_token == "t");
  CHECK_FALSE(*credentials_in(text, "b.test", "f"));
  CHECK(credentials_in(text, "d.test", "f").error().message() == "f: auth: not base64 of user:password");
  CHECK_THAT(credentials_in(text, "e.test", "f").error().message(), Catch::Matchers::Contains("gcloud"));
  CHECK_FALSE(credentials_in("[]", "a.test", "f"));
}

TEST_CASE("basic authorization is RFC 7617's example") {
  CHECK(basic_authorization({"Aladdin", "open sesame", ""}) == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  CHECK(*decode_base64("QWxhZGRpbjpvcGVuIHNlc2FtZQ==") == "Aladdin:open sesame");
  CHECK_FALSE(decode_base64("QW="));
}

TEST_CASE("credentials are for the registry's own origin") {
  CHECK(same_origin("https://r.test/v2/a", "https://r.test"));
  CHECK(same_origin("https://R.test:443?x", "https://r.test"));
  CHECK(same_origin("http://localhost:5000/v2/", "http://localhost:5000"));
  for (const char* other :
       {"https://r.test.evil/v2", "http://r.test/v2", "https://r.test:5000/", "https://r.test@evil/",
        "https://evil/https://r.test", "https://evil\\@r.test/", "", "r.test"}) {
    INFO(other);
    CHECK_FALSE(same_origin(other, "https://r.test"));
  }
}

TEST_CASE("an upload goes on where the registry says, but not without TLS") {
  CHECK(*upload_location("https://r.test", "/v2/a/1") == "https://r.test/v2/a/1");
  CHECK(*upload_location("https://r.test", "https://store.test/1") == "https://store.test/1");
  CHECK_FALSE(upload_location("https://r.test", "http://r.test/1"));
  CHECK_FALSE(upload_location("https://r.test", "v2/a"));
  CHECK_FALSE(upload_location("https://r.test", ""));
  CHECK(received_bytes("0-9") == 10);
  for (const char* none : {"", "0-0", "0-", "1-9", "0-x", "0-18446744073709551615", "0-99999999999999999999"}) {
    INFO(none);
    CHECK(received_bytes(none) == 0);
  }
}

TEST_CASE("what a registry says is told, but not all of it") {
  HttpResponse response;
  response.status = 403;
  response.body = R"({"errors":[{"code":"DENIED","message":"no access"}]})";
  CHECK(error_text(response) == "the registry answers 403 (no access)");
  response.body = "<html>";
  CHECK(error_text(response) == "the registry answers 403");
  response.body = R"({"errors":[{"message":")" + std::string(100'000, 'x') + "\"}]}";
  CHECK(error_text(response).size() < 500);
}

TEST_CASE("text in addresses is encoded") { CHECK(percent_encode("sha256:a/b c") == "sha256%3Aa%2Fb%20c"); }

}  // namespace
}  // namespace kontain::image
