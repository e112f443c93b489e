// The fuzz cases with seeds that are right, and with every one of a few thousand small changes to them.
#include <catch2/catch.hpp>
#include <functional>
#include <random>
#include <vector>

#include "imagebuild/layer/layer.h"
#include "imagebuild/oci/model.h"
#include "tests/fuzz/image_case.h"

namespace kontain::image {
namespace {

void mutate(const std::vector<std::string>& seeds, int rounds, const std::function<void(std::string_view)>& run) {
  std::mt19937 random(20240229);  // the same changes in every run
  const auto below = [&](size_t limit) { return std::uniform_int_distribution<size_t>(0, limit - 1)(random); };
  for (const std::string& seed : seeds) {
    run(seed);
    for (int i = 0; i < rounds; ++i) {
      std::string text = seed;
      for (size_t changes = 1 + below(4); changes > 0 && !text.empty(); --changes) {
        const size_t at = below(text.size());
        switch (below(4)) {
          case 0: text[at] = static_cast<char>(below(256)); break;
          case 1: text.erase(at, 1 + below(8)); break;
          case 2: text.insert(at, text.substr(below(text.size()), below(40))); break;
          default: text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
        }
      }
      run(text);
    }
  }
}

std::string layer(Compression compression) {
  LayerFile directory, file, link, hidden = whiteout("a/b", 0);
  directory.entry.path = "a";
  directory.entry.type = EntryType::Directory;
  file.entry.path = "a/f";
  file.content = "content";
  file.entry.xattrs = {{"user.x", "y"}};
  link.entry.path = "a/l";
  link.entry.type = EntryType::Symlink;
  link.entry.link_target = "../../outside";
  StringSink sink;
  REQUIRE(write_layer({directory, hidden, file, link}, {compression}, sink));
  return sink.text();
}

TEST_CASE("changed documents are accepted as they are or refused") {
  Manifest manifest;
  manifest.config = describe(kMediaConfig, "{}");
  manifest.layers = {describe(kMediaLayerGzip, "x")};
  Index index;
  index.manifests = {describe(kMediaManifest, "y")};
  index.manifests[0].platform = Platform{"amd64", "linux", "", {}, ""};
  ImageConfig config;
  config.config.env = {"A=b"};
  config.config.healthcheck = Healthcheck{{"CMD", "x"}, 1, 2, 3, 4, 5};
  config.diff_ids = {Digest::of("z")};
  config.history = {{"", "c", "", "", true}};
  mutate({std::string(1, '\0') + to_text(manifest), "\x01" + to_text(index), "\x02" + to_text(config),
          "\x03registry.test:5000/a/b:c@" + Digest::of("d").text()},
         3000, fuzz_documents);
}

TEST_CASE("changed layers never leave their folder") {
  mutate({layer(Compression::None), layer(Compression::Gzip), layer(Compression::Zstd)}, 400, fuzz_layer);
}

TEST_CASE("changed replies of registries are read or refused") {
  mutate({std::string(1, '\0') + R"(Bearer realm="https://auth.test/token",service="s",scope="repository:a:pull")",
          std::string("\x01") + R"({"auths":{"registry.test":{"auth":"dXNlcjpwYXNz"}},"credsStore":"x"})",
          std::string("\x02") + R"({"errors":[{"code":"DENIED","message":"no","detail":{}}]})"},
         3000, fuzz_registry);
}

TEST_CASE("changed databases and archives are read or refused") {
  mutate({"\x01Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n\n",
          "\x02P:a\nV:1\nA:x86_64\n\n"},
         1000, fuzz_contents);
  mutate({"\x03" + layer(Compression::None)}, 100, fuzz_contents);
}

}  // namespace
}  // namespace kontain::image
