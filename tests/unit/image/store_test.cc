#include "imagebuild/store/store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <thread>

#include "imagebuild/store/image.h"
#include "tests/unit/image/scratch.h"

namespace kontain::image {
namespace {

Store open_store(const Scratch& scratch) {
  auto store = Store::open(scratch.path("store"));
  REQUIRE(store);
  return std::move(*store);
}

Descriptor make_image(const Store& store, const std::string& text) {
  LayerFile file;
  file.entry.path = "f";
  file.content = text;
  const auto layer = store_layer(store, {file}, {});
  REQUIRE(layer);
  const auto image = store_image(store, {}, {*layer}, {});
  REQUIRE(image);
  return *image;
}

size_t count(const Scratch& scratch, const std::string& folder) {
  size_t number = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(scratch.path(folder))) ++number;
  return number;
}

TEST_CASE("a store is an image layout") {
  const Scratch scratch;
  const Store store = open_store(scratch);
  CHECK(scratch.read("store/oci-layout") == R"({"imageLayoutVersion":"1.0.0"})");
  CHECK(parse_index(scratch.read("store/index.json")));
  const Descriptor image = make_image(store, "x");
  REQUIRE(store.tag("app", image));
  CHECK(parse_manifest(scratch.read("store/blobs/sha256/" + image.digest.hex())));
  CHECK(Store::open(scratch.path("store")));
}

TEST_CASE("a store that a power failure met while it was made is made again") {
  const Scratch scratch;
  open_store(scratch);
  for (const char* name : {"store/oci-layout", "store/index.json"}) {
    const std::string whole = scratch.read(name);
    scratch.write(name, "");
    open_store(scratch);
    CHECK(scratch.read(name) == whole);
  }
}

TEST_CASE("a recipe that is empty is none") {
  const Scratch scratch;
  const Store store = open_store(scratch);
  const Digest digest = Digest::of("x");
  REQUIRE(store.set_recipe(digest, "text"));
  CHECK(**store.recipe(digest) == "text");
  scratch.write("store/recipes/" + digest.hex(), "");
  CHECK_FALSE(store.recipe(digest)->has_value());
  REQUIRE(store.set_recipe(digest, "text"));
  CHECK(**store.recipe(digest) == "text");
}

TEST_CASE("something else is no store") {
  const Scratch scratch;
  scratch.write("store/oci-layout", R"({"imageLayoutVersion":"9"})");
  scratch.write("store/index.json", "{}");
  const auto store = Store::open(scratch.path("store"));
  REQUIRE_FALSE(store);
  CHECK(store.error().message() == "oci-layout: imageLayoutVersion: 1.0.0 is expected");
}

TEST_CASE("names lead to images, digests too") {
  const Scratch scratch;
  const Store store = open_store(scratch);
  const Descriptor one = make_image(store, "1"), two = make_image(store, "2");
  REQUIRE(store.tag("app", one));
  REQUIRE(store.tag("registry.test/app:v2", two));
  CHECK(store.resolve("app:latest")->digest == one.digest);
  CHECK(store.resolve("app")->digest == one.digest);
  CHECK(store.resolve(two.digest.text())->digest == two.digest);
  CHECK(store.resolve(two.digest.brief())->digest == two.digest);
  CHECK(store.resolve("nothing").error().message() == "image: nothing: not in the store");
  REQUIRE(store.tag("app", two));
  CHECK(store.resolve("app")->digest == two.digest);
  CHECK(store.list()->size() == 2);
  REQUIRE(store.untag("app"));
  CHECK_FALSE(store.untag("app"));
  CHECK(store.list()->size() == 1);
  CHECK_FALSE(store.tag("Not/A/Name", one));
}

TEST_CASE("a blob is what its descriptor says, or an error") {
  const Scratch scratch;
  const Store store = open_store(scratch);
  const auto blob = store.put("a/b", "content");
  REQUIRE(blob);
  CHECK(*store.read_blob(*blob) == "content");
  Descriptor longer = *blob;
  longer.size = 8;
  CHECK_FALSE(store.read_blob(longer));
  chmod(scratch.path("store/blobs/sha256/" + blob->digest.hex()).c_str(), 0644);
  scratch.write("store/blobs/sha256/" + blob->digest.hex(), "c0ntent");
  CHECK_THAT(store.read_blob(*blob).error().message(), Catch::Matchers::Contains("damaged"));
}

TEST_CASE("content that is not what was promised becomes no blob") {
  const Scratch scratch;
  const Store store = open_store(scratch);
  const Descriptor promised = describe("a/b", "promised");
  {
    auto writer = store.new_blob();
    REQUIRE(writer);
    REQUIRE(writer->write("delivered"));
    CHECK_FALSE(writer->commit("a/b", &promised));
  }
  CHECK_FALSE(store.has(promised.digest));
  CHECK(count(scratch, "store/blobs/sha256") == 0);
  CHECK(count(scratch, "store/tmp") == 0);
}

TEST_CASE("gc keeps what a name or a cache entry reaches") {
  const Scratch scratch;
  const Store store = open_store(scratch);
  const Descriptor kept = make_image(store, "kept");
  REQUIRE(store.tag("kept", kept));
  const Descriptor lost = make_image(store, "lost");
  const auto step = store.put("a/b", "a step's layer");
  REQUIRE(store.remember(Digest::of("key"), step->digest.text() + " and more"));
  scratch.write("store/tmp/leftover", "x");
  const auto report = store.gc();
  REQUIRE(report);
  CHECK(report->blobs == 3);
  CHECK(report->kept == 4);
  CHECK_FALSE(store.has(lost.digest));
  CHECK(store.has(step->digest));
  CHECK(store.manifest(kept));
  CHECK(count(scratch, "store/tmp") == 0);
  REQUIRE(store.gc(std::chrono::seconds(0)));
  CHECK_FALSE(store.has(step->digest));
  CHECK_FALSE(*store.cached(Digest::of("key")));
}

TEST_CASE("a session holds gc up") {
  const Scratch scratch;
  const Store store = open_store(scratch);
  auto session = store.begin();
  REQUIRE(session);
  const auto blob = store.put("a/b", "not named yet");
  std::atomic<bool> finished = false;
  std::thread other([&] {
    const auto again = Store::open(scratch.path("store"));
    static_cast<void>(again->gc());
    finished = true;
  });
  usleep(100'000);
  CHECK_FALSE(finished);
  CHECK(store.has(blob->digest));
  session->lock.reset();
  other.join();
  CHECK_FALSE(store.has(blob->digest));
}

TEST_CASE("names given at the same time are all there") {
  const Scratch scratch;
  const Descriptor image = make_image(open_store(scratch), "x");
  std::vector<pid_t> children;
  for (int i = 0; i < 8; ++i) {
    const pid_t pid = fork();
    if (pid == 0) {
      const auto store = Store::open(scratch.path("store"));
      bool good = store.has_value();
      for (int j = 0; j < 5 && good; ++j)
        good = store->tag("n" + std::to_string(i) + ":t" + std::to_string(j), image).has_value();
      _exit(good ? 0 : 1);
    }
    children.push_back(pid);
  }
  for (const pid_t pid : children) {
    int status = 0;
    REQUIRE(waitpid(pid, &status, 0) == pid);
    CHECK(status == 0);
  }
  CHECK(open_store(scratch).list()->size() == 40);
}

TEST_CASE("the image for this machine is chosen from an index") {
  const Scratch scratch;
  const Store store = open_store(scratch);
  Index index;
  index.manifests = {make_image(store, "arm"), make_image(store, "amd")};
  index.manifests[0].platform = Platform{"arm64", "linux", "", {}, ""};
  index.manifests[1].platform = Platform{"amd64", "linux", "", {}, ""};
  const auto described = store.put(kMediaIndex, to_text(index));
  CHECK(store.select_platform(*described)->digest == index.manifests[1].digest);
  index.manifests.pop_back();
  CHECK_FALSE(store.select_platform(*store.put(kMediaIndex, to_text(index))));
}

}  // namespace
}  // namespace kontain::image
