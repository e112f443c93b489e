#include "tests/fuzz/image_seeds.h"

#include <cstdlib>

#include "imagebuild/layer/layer.h"
#include "imagebuild/oci/model.h"

namespace kontain::image {
namespace {

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
  if (!write_layer({directory, hidden, file, link}, {compression}, sink)) std::abort();
  return sink.text();
}

// The fuzz case that the number chooses, and its input.
std::string chosen(char number, const std::string& input) { return std::string(1, number) + input; }

}  // namespace

std::vector<std::string> documents_seeds() {
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
  return {chosen(0, to_text(manifest)), chosen(1, to_text(index)), chosen(2, to_text(config)),
          chosen(3, "registry.test:5000/a/b:c@" + Digest::of("d").text())};
}

std::vector<std::string> layer_seeds() {
  return {layer(Compression::None), layer(Compression::Gzip), layer(Compression::Zstd)};
}

std::vector<std::string> registry_seeds() {
  Manifest manifest;
  manifest.config = describe(kMediaConfig, "{}");
  return {chosen(0, R"(Bearer realm="https://auth.test/token",service="s",scope="repository:a:pull")"),
          chosen(1, R"({"auths":{"registry.test":{"auth":"dXNlcjpwYXNz"}},"credsStore":"x"})"),
          chosen(2, R"({"errors":[{"code":"DENIED","message":"no","detail":{}}]})"),
          chosen(3, to_text(manifest)),
          chosen(4, "https://registry.test:443/v2/a/blobs/uploads/1?_state=x"),
          chosen(4, "/v2/a/blobs/uploads/1"),
          chosen(5, "0-1048575")};
}

std::vector<std::string> contents_seeds() {
  return {chosen(1, "Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n\n"),
          chosen(2, "P:a\nV:1\nA:x86_64\n\n"), chosen(3, layer(Compression::None))};
}

}  // namespace kontain::image
