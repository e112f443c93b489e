#include <catch2/catch.hpp>

#include "imagebuild/oci/json.h"
#include "imagebuild/oci/model.h"
#include "imagebuild/oci/parallel_hasher.h"

namespace kontain::image {
namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');

std::string with_config(const std::string& members) {
  return R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",)" + members + "}";
}

std::string descriptor(const std::string& type, const std::string& size = "3") {
  return R"({"mediaType":")" + type + R"(","digest":")" + kDigest + R"(","size":)" + size + "}";
}

const std::string kConfigMember = R"("config":)" + descriptor(std::string(kMediaConfig));

TEST_CASE("a digest is 64 lower-case digits behind sha256:") {
  CHECK(Digest::parse(kDigest)->text() == kDigest);
  for (const std::string& text : {std::string("sha256:"), "sha512:" + std::string(128, 'a'), kDigest + "a",
                                  "sha256:" + std::string(63, 'a') + "A", "sha256:" + std::string(63, 'a') + "/"}) {
    INFO(text);
    CHECK_FALSE(Digest::parse(text));
  }
  // FIPS 180-4, the message "abc".
  CHECK(Digest::of("abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("a hasher can be asked in between") {
  Hasher hasher;
  hasher.update("a");
  CHECK(hasher.digest() == Digest::of("a"));
  hasher.update("bc");
  CHECK(hasher.digest() == Digest::of("abc"));
}

TEST_CASE("hashing beside the work gives the same digest, however it is cut") {
  const std::string text = std::string(5'000'000, 'x') + "end";
  for (const size_t piece : {size_t{1000}, size_t{524'288}, size_t{3'000'000}, text.size()}) {
    ParallelHasher hasher;
    for (size_t at = 0; at < text.size(); at += piece) hasher.update(std::string_view(text).substr(at, piece));
    CHECK(hasher.digest() == Digest::of(text));
  }
  CHECK(ParallelHasher().digest() == Digest::of(""));
  ParallelHasher abandoned;
  abandoned.update(text);
}

TEST_CASE("a manifest survives its text") {
  Manifest manifest;
  manifest.config = describe(kMediaConfig, "{}");
  manifest.layers = {describe(kMediaLayerGzip, "x"), describe(kMediaLayerZstd, "y")};
  manifest.layers[1].annotations = {{"a", "b"}};
  manifest.annotations = {{"org.opencontainers.image.title", "t"}};
  manifest.subject = describe(kMediaManifest, "z");
  const auto copy = parse_manifest(to_text(manifest));
  REQUIRE(copy);
  CHECK(copy->config == manifest.config);
  CHECK(copy->layers == manifest.layers);
  CHECK(copy->annotations == manifest.annotations);
  CHECK(copy->subject == manifest.subject);
  CHECK(to_text(*copy) == to_text(manifest));
}

TEST_CASE("hostile manifests are refused, and the place is named") {
  const struct {
    std::string text, reason;
  } kCases[] = {
      {"", "not valid JSON"},
      {"[]", "an object is expected"},
      {"{\"a\":1,\"a\":2}", "the key \"a\" appears twice"},
      {std::string(100000, '['), "not valid JSON"},
      {"{\"a\":" + std::string(40, '[') + std::string(40, ']') + "}", "nested too deeply"},
      {with_config(kConfigMember), "layers: is missing"},
      {with_config(R"("layers":[])"), "config: a descriptor is expected"},
      {with_config(kConfigMember + R"(,"layers":{})"), "layers: an array is expected"},
      {with_config(kConfigMember + R"(,"layers":[1])"), "layers[0]: an object is expected"},
      {with_config(kConfigMember + R"(,"layers":[)" + descriptor("a/b", "-1") + "]"), "layers[0].size"},
      {with_config(kConfigMember + R"(,"layers":[)" + descriptor("a/b", "1.5") + "]"), "layers[0].size"},
      {with_config(kConfigMember + R"(,"layers":[)" + descriptor("a/b", "18446744073709551615") + "]"),
       "layers[0].size"},
      {with_config(kConfigMember + R"(,"layers":[)" + descriptor("nonsense") + "]"), "layers[0].mediaType"},
      {with_config(kConfigMember + R"(,"layers":[{"mediaType":"a/b","digest":"sha256:../../x","size":1}])"),
       "layers[0].digest"},
      {with_config(kConfigMember + R"(,"layers":[],"manifests":[])"), "manifests: is both"},
      {R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json",)" + kConfigMember +
           R"(,"layers":[]})",
       "mediaType: contradicts"},
      {R"({"schemaVersion":1,)" + kConfigMember + R"(,"layers":[]})", "schemaVersion"},
      {with_config(kConfigMember + R"(,"layers":[],"annotations":{"a":1})"), "annotations.a: a string is expected"},
      {with_config(kConfigMember + R"(,"layers":[],"annotations":{"a":"\u0000"})"),
       "annotations.a: the string has a NUL"},
      {std::string("{\"a\":\"\xff\"}"), "not valid JSON"},
      {std::string((size_t{4} << 20) + 1, ' '), "larger than 4 MiB"},
  };
  for (const auto& [text, reason] : kCases) {
    INFO(text.substr(0, 300));
    const auto parsed = parse_manifest(text);
    REQUIRE_FALSE(parsed);
    CHECK_THAT(parsed.error().message(), Catch::Matchers::Contains(reason));
  }
}

TEST_CASE("an index survives its text and refuses a manifest") {
  Index index;
  index.manifests = {describe(kMediaManifest, "m")};
  index.manifests[0].platform = Platform{"arm64", "linux", "", {}, "v8"};
  const auto copy = parse_index(to_text(index));
  REQUIRE(copy);
  CHECK(copy->manifests == index.manifests);
  CHECK_FALSE(parse_index(with_config(kConfigMember + R"(,"layers":[])")));
  CHECK(*document_media_type(to_text(index)) == kMediaIndex);
  CHECK(*document_media_type(R"({"layers":[]})") == kMediaManifest);
  CHECK_FALSE(document_media_type(R"({"schemaVersion":1,"fsLayers":[]})"));
}

TEST_CASE("a configuration survives its text, unknown members too") {
  const std::string text = R"({"architecture":"amd64","os":"linux","created":"1970-01-01T00:00:00Z","author":"me",
    "docker_version":"20.10","config":{"User":"1:2","Env":["A=b","C="],"Entrypoint":["/x"],"Cmd":["y"],
    "ExposedPorts":{"80/tcp":{}},"Volumes":{"/v":{}},"WorkingDir":"/w","Labels":{"l":"m"},"StopSignal":"SIGINT",
    "Shell":["/bin/sh","-c"],"OnBuild":["RUN z"],"Healthcheck":{"Test":["CMD","t"],"Interval":5,"Retries":3},
    "ArgsEscaped":true},"rootfs":{"type":"layers","diff_ids":[")" +
                           kDigest + R"("]},"history":[{"created_by":"c","empty_layer":true},{"comment":"d"}]})";
  const auto config = parse_config(text);
  REQUIRE(config);
  CHECK(config->config.env == std::vector<std::string>{"A=b", "C="});
  CHECK(config->config.exposed_ports == std::vector<std::string>{"80/tcp"});
  CHECK(config->config.healthcheck->retries == 3);
  CHECK(config->history.size() == 2);
  CHECK(config->unknown["docker_version"] == "20.10");
  CHECK(config->unknown_config["ArgsEscaped"] == true);
  CHECK(nlohmann::json::parse(to_text(*config)) == nlohmann::json::parse(text));
}

TEST_CASE("a configuration without root file system, or of a strange type, is refused") {
  for (const char* text :
       {R"({"architecture":"amd64","os":"linux"})", R"({"os":"linux","rootfs":{}})",
        R"({"architecture":"a","os":"l","rootfs":{"type":"x","diff_ids":[]}})",
        R"({"architecture":"a","os":"l","rootfs":{"type":"layers","diff_ids":["x"]}})",
        R"({"architecture":"a","os":"l","rootfs":{"type":"layers","diff_ids":[]},"config":[]})",
        R"({"architecture":"a","os":"l","rootfs":{"type":"layers","diff_ids":[]},"config":{"Env":"x"}})"}) {
    INFO(text);
    CHECK_FALSE(parse_config(text));
  }
}

TEST_CASE("every media type has a row that says what it is in OCI's family") {
  CHECK(media_type(kMediaDockerLayerGzip).oci_name == kMediaLayerGzip);
  CHECK(media_type(kMediaDockerLayerGzip).compression == Compression::Gzip);
  CHECK(media_type("text/plain").kind == MediaKind::Unknown);
  for (const Compression compression : {Compression::None, Compression::Gzip, Compression::Zstd}) {
    CHECK(media_type(layer_media_type(compression)).compression == compression);
  }
}

}  // namespace
}  // namespace kontain::image
