#include "imagebuild/convert/convert.h"

#include <stdlib.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "imagebuild/store/image.h"

using namespace kontain;
using namespace kontain::image;
using namespace kontain::image::convert;

namespace {

class Images {
 public:
  Images() {
    std::string name = (std::filesystem::temp_directory_path() / "convert-test.XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
    auto opened = Store::open((path_ / "store").string());
    REQUIRE(opened);
    store_.emplace(std::move(*opened));
  }
  ~Images() { std::filesystem::remove_all(path_); }
  const Store& store() const { return *store_; }

  StoredLayer layer(const std::string& file) const {
    LayerFile one;
    one.entry.path = file;
    one.content = file;
    const auto stored = store_layer(*store_, {one}, {});
    REQUIRE(stored);
    return *stored;
  }
  Descriptor image(const ImageConfig& config, const std::vector<StoredLayer>& layers,
                   const TextMap& annotations = {}) const {
    const auto made = store_image(*store_, config, layers, annotations);
    REQUIRE(made);
    return *made;
  }
  Manifest manifest(const Descriptor& image) const { return *store_->manifest(image); }
  ImageConfig config(const Descriptor& image) const { return *store_->config(manifest(image)); }

 private:
  std::filesystem::path path_;
  std::optional<Store> store_;
};

ImageConfig config_of(std::vector<std::string> env, std::vector<std::string> cmd, size_t history) {
  ImageConfig config;
  config.config.env = std::move(env);
  config.config.cmd = std::move(cmd);
  for (size_t i = 0; i < history; ++i) config.history.push_back({"", std::to_string(i), "", "", false});
  return config;
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("layers keep their digests, what is said about the image is kept and added to") {
  const Images images;
  ImageConfig config = config_of({"A=b"}, {"run"}, 2);
  config.config.labels["theirs"] = "x";
  const Descriptor image = images.image(config, {images.layer("one"), images.layer("two")}, {{"note", "y"}});
  const auto converted = convert_image(images.store(), image, std::nullopt);
  REQUIRE(converted);
  CHECK(converted->digest != image.digest);
  const Manifest before = images.manifest(image), after = images.manifest(*converted);
  CHECK(after.layers == before.layers);
  CHECK(after.annotations.at("note") == "y");
  CHECK(after.annotations.at(std::string(kConvertedFrom)) == image.digest.text());
  const ImageConfig made = images.config(*converted);
  CHECK(made.config.labels.at("theirs") == "x");
  CHECK(made.config.labels.at(std::string(kConvertedFrom)) == image.digest.text());
  CHECK(made.config.cmd == Words{"run"});
  CHECK(made.history.size() == 2);
}

TEST_CASE("a language base is replaced by a runtime") {
  const Images images;
  const StoredLayer first = images.layer("first"), second = images.layer("second");
  const StoredLayer app = images.layer("app"), runtime = images.layer("runtime");
  const Descriptor base = images.image(config_of({"PATH=/theirs", "LANG=x"}, {"python"}, 2), {first, second});
  const Descriptor image =
      images.image(config_of({"PATH=/app", "LANG=x", "OWN=1"}, {"python"}, 3), {first, second, app});
  ImageConfig runenv_config = config_of({"PATH=/ours", "LANG=y"}, {"python3"}, 1);
  runenv_config.config.labels["app.kontain.runenv"] = "python-3.11";
  const Descriptor runenv = images.image(runenv_config, {runtime});
  const auto converted = convert_image(images.store(), image, Replacement{base, runenv});
  REQUIRE(converted);
  const Manifest after = images.manifest(*converted);
  REQUIRE(after.layers.size() == 2);
  CHECK(after.layers[0].digest == runtime.descriptor.digest);
  CHECK(after.layers[1].digest == app.descriptor.digest);
  const ImageConfig made = images.config(*converted);
  CHECK(made.config.env == Words{"LANG=y", "PATH=/app", "OWN=1"});
  CHECK(made.config.cmd == Words{"python3"});
  CHECK(made.history.size() == 2);
  CHECK(made.config.labels.at("app.kontain.runenv") == "python-3.11");
  CHECK(made.config.labels.at(std::string(kReplacedBase)) == base.digest.text());
  CHECK(made.config.labels.at(std::string(kRunenvImage)) == runenv.digest.text());
}

TEST_CASE("only the base that an image is built on can be replaced") {
  const Images images;
  const StoredLayer first = images.layer("first"), app = images.layer("app");
  const Descriptor base = images.image({}, {app});
  const Descriptor image = images.image({}, {first, app});
  const auto converted = convert_image(images.store(), image, Replacement{base, base});
  REQUIRE_FALSE(converted);
  CHECK(converted.error().reason == "the image is not built on this base: its first layers are others");
  const Descriptor longer = images.image({}, {first, app, app});
  CHECK_FALSE(convert_image(images.store(), image, Replacement{longer, base}));
}
