#include <catch2/catch.hpp>

#include "imagebuild/inspect/compare.h"
#include "imagebuild/inspect/sbom.h"
#include "imagebuild/inspect/tree.h"
#include "imagebuild/store/image.h"
#include "tests/unit/image/scratch.h"

namespace kontain::image {
namespace {

LayerFile text_file(const std::string& path, const std::string& text) {
  LayerFile file;
  file.entry.path = path;
  file.content = text;
  return file;
}

struct Images {
  Scratch scratch;
  Store store = *Store::open(scratch.path("store"));
  Descriptor make(const std::vector<LayerFiles>& layers, const ImageConfig& config = {}) const {
    std::vector<StoredLayer> stored;
    for (const LayerFiles& files : layers) stored.push_back(*store_layer(store, files, {}));
    return *store_image(store, config, stored, {});
  }
};

TEST_CASE("the tree of an image is its layers one upon the other") {
  const Images images;
  LayerFile opaque = text_file("d/.wh..wh..opq", "");
  const Descriptor image =
      images.make({{text_file("a", "1"), text_file("b", "1"), text_file("d/x", "1"), text_file("e/f", "1")},
                   {text_file("a", "2"), whiteout("b", 0), opaque, text_file("d/y", "2"), text_file("e", "2")}});
  const auto tree = read_tree(images.store, image);
  REQUIRE(tree);
  std::vector<std::string> paths;
  for (const auto& [path, file] : *tree) paths.push_back(path);
  CHECK(paths == std::vector<std::string>{"a", "d/y", "e"});
  CHECK(tree->at("a").sha256 == Digest::of("2"));
  CHECK(tree->at("a").layer == 1);
}

TEST_CASE("the first difference is named: file, field and byte") {
  const Images images;
  const auto difference = [&](const LayerFiles& left, const LayerFiles& right) {
    return *first_difference(images.store, images.make({left}), images.make({right}));
  };
  const LayerFile base = text_file("f", "content");
  LayerFile mode = base, time = base, owner = base;
  mode.entry.mode = 0755;
  time.entry.mtime = 5;
  owner.entry.uid = 7;
  CHECK(difference({base}, {base}).empty());
  CHECK(difference({base}, {text_file("f", "cOntent")}) == "layer 1: f: content: byte 1: 0x6f is 0x4f");
  CHECK(difference({base}, {text_file("f", "contents")}) == "layer 1: f: size: 7 is 8");
  CHECK(difference({base}, {mode}) == "layer 1: f: mode: 0644 is 0755");
  CHECK(difference({base}, {time}) == "layer 1: f: mtime: 0 is 5");
  CHECK(difference({base}, {owner}) == "layer 1: f: uid: 0 is 7");
  CHECK(difference({base}, {base, text_file("g", "")}) == "layer 1: g: is new");
  CHECK(difference({base, text_file("g", "")}, {base}) == "layer 1: g: is missing");
  ImageConfig config;
  config.config.env = {"A=1"};
  CHECK(*first_difference(images.store, images.make({{base}}), images.make({{base}}, config)) ==
        "config: /config/Env: missing is [\"A=1\"]");
}

TEST_CASE("trees are compared file by file") {
  const Images images;
  const auto left =
      read_tree(images.store, images.make({{text_file("a", "1"), text_file("b", "1"), text_file("c", "1")}}));
  const auto right =
      read_tree(images.store, images.make({{text_file("b", "22"), text_file("c", "1"), text_file("d", "1")}}));
  const auto changes = compare_trees(*left, *right);
  REQUIRE(changes.size() == 3);
  CHECK((changes[0].kind == ChangeKind::Deleted && changes[0].path == "a"));
  CHECK(changes[1].fields == std::vector<std::string>{"size 1 2", "content"});
  CHECK((changes[2].kind == ChangeKind::Added && changes[2].path == "d"));
}

TEST_CASE("a package database names what is installed") {
  const auto packages = read_dpkg_status(
      "Package: a\nStatus: install ok installed\nVersion: 1.2-3\nArchitecture: amd64\nDescription: x\n Package: no\n\n"
      "Package: b\nStatus: deinstall ok config-files\nVersion: 1\n\nPackage: c\nStatus: hold ok installed\nVersion: "
      "2\n");
  REQUIRE(packages.size() == 2);
  CHECK(packages[0].version == "1.2-3");
  CHECK(packages[1].name == "c");
  CHECK(read_apk_installed("P:musl\nV:1.2\nA:x86_64\n\n").front().name == "musl");
}

TEST_CASE("an SPDX document names files with both checksums, and packages") {
  const Images images;
  const Descriptor image =
      images.make({{text_file("f", "abc"),
                    text_file("var/lib/dpkg/status",
                              "Package: a\nStatus: install ok installed\nVersion: 1+b\nArchitecture: amd64\n")}});
  const auto text = spdx_document(images.store, image, "app:latest", "1970-01-01T00:00:00Z");
  REQUIRE(text);
  const auto document = nlohmann::json::parse(*text);
  CHECK(document["spdxVersion"] == "SPDX-2.3");
  CHECK(document["files"].size() == 2);
  // FIPS 180-4, the message "abc".
  CHECK(document["files"][0]["checksums"][0]["checksumValue"] == "a9993e364706816aba3e25717850c26c9cd0d89d");
  CHECK(document["packages"][1]["externalRefs"][0]["referenceLocator"] == "pkg:deb/debian/a@1%2Bb?arch=amd64");
  CHECK(*spdx_document(images.store, image, "app:latest", "1970-01-01T00:00:00Z") == *text);
}

}  // namespace
}  // namespace kontain::image
