#include "imagebuild/layer/apply.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "imagebuild/layer/layer.h"
#include "tests/unit/image/scratch.h"

namespace kontain::image {
namespace {

// Tars as an attacker writes them: plain ustar headers with any name.
class RawTar {
 public:
  RawTar& add(const std::string& path, char type, const std::string& content = "", const std::string& link = "",
              unsigned mode = 0644) {
    std::string header(512, '\0');
    put(header, 0, path);
    put(header, 100, octal(mode, 7));
    put(header, 108, octal(0, 7));
    put(header, 116, octal(0, 7));
    put(header, 124, octal(content.size(), 11));
    put(header, 136, octal(1000, 11));
    header[156] = type;
    put(header, 157, link);
    put(header, 257,
        std::string("ustar\0"
                    "00",
                    8));
    put(header, 329, octal(1, 7));
    put(header, 337, octal(3, 7));
    put(header, 148, "        ");
    unsigned sum = 0;
    for (const char c : header) sum += static_cast<unsigned char>(c);
    put(header, 148, octal(sum, 6) + std::string("\0 ", 2));
    text_ += header + content + std::string((512 - content.size() % 512) % 512, '\0');
    return *this;
  }
  std::string text() const { return text_ + std::string(1024, '\0'); }

 private:
  static void put(std::string& header, size_t at, const std::string& text) { header.replace(at, text.size(), text); }
  static std::string octal(size_t value, int width) {
    std::array<char, 32> out{};
    std::snprintf(out.data(), out.size(), "%0*zo", width, value);
    return out.data();
  }
  std::string text_;
};

// A root to unpack into, with something beside it that must stay as it is.
struct Root {
  Scratch scratch;
  UniqueFd fd;
  Root() {
    std::filesystem::create_directory(scratch.path("root"));
    scratch.write("outside/secret", "secret");
    fd.reset(open(scratch.path("root").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  Result<ApplyReport> apply(const std::string& tar, const ApplyOptions& options = {}) const {
    StringSource source(tar);
    return apply_layer(fd.get(), source, options);
  }
  Result<ApplyReport> apply(const RawTar& tar) const { return apply(tar.text()); }
  bool outside_intact() const {
    size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::recursive_directory_iterator(scratch.path("outside")))
      ++count;
    return count == 1 && scratch.read("outside/secret") == "secret";
  }
};

TEST_CASE("a layer is applied with modes and times, directories last") {
  const Root root;
  RawTar tar;
  tar.add("d", '5', "", "", 0555)
      .add("d/f", '0', "text", "", 04711)
      .add("d/l", '2', "", "f")
      .add("d/h", '1', "", "d/f");
  const auto report = root.apply(tar);
  REQUIRE(report);
  CHECK(report->entries == 4);
  CHECK(report->bytes == 4);
  struct stat status{};
  REQUIRE(stat(root.scratch.path("root/d").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0555);
  CHECK(status.st_mtime == 1000);
  REQUIRE(stat(root.scratch.path("root/d/h").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 04711);
  CHECK(status.st_nlink == 2);
  CHECK(std::filesystem::read_symlink(root.scratch.path("root/d/l")) == "f");
  chmod(root.scratch.path("root/d").c_str(), 0755);
}

TEST_CASE("the last entry of a directory counts") {
  const Root root;
  REQUIRE(root.apply(RawTar().add("d", '5', "", "", 0700).add("d/f", '0').add("d", '5', "", "", 0711)));
  struct stat status{};
  REQUIRE(stat(root.scratch.path("root/d").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0711);
}

TEST_CASE("nothing leaves the root") {
  const Root root;
  const std::string outside = root.scratch.path("outside");
  const RawTar kHostile[] = {
      RawTar().add("../outside/new", '0', "x"),
      RawTar().add("a/../../outside/new", '0', "x"),
      RawTar().add("l1", '2', "", outside).add("l1/new", '0', "x"),
      RawTar().add("l2", '2', "", "../outside").add("l2/secret", '0', "x"),
      RawTar().add("l3", '2', "", "..").add("l3/outside/.wh.secret", '0'),
      RawTar().add("l4", '2', "", outside).add("l4/.wh..wh..opq", '0'),
      RawTar().add("h1", '1', "", "../outside/secret").add("h1", '0', "x"),
      RawTar().add("l5", '2', "", outside).add("h2", '1', "", "l5/secret"),
      RawTar().add("l6", '2', "", outside + "/secret").add("l6", '0', "x"),
      RawTar().add("l7", '2', "", "/proc/self/root").add("l7/tmp/x", '0', "x"),
      RawTar().add("l8", '2', "", "/proc/self/cwd").add("l8/x", '0', "x"),
      RawTar().add(".wh...", '0'),
      RawTar().add(".wh..", '0'),
      RawTar().add("x/.wh.", '0'),
  };
  for (const RawTar& tar : kHostile) {
    static_cast<void>(root.apply(tar));
    REQUIRE(root.outside_intact());
  }
  // What a symbolic link means inside the root is the root's own.
  CHECK(root.scratch.read("root" + outside + "/new").empty());
}

TEST_CASE("a link of a lower layer leads to the place it means inside the image") {
  const Root root;
  REQUIRE(root.apply(RawTar().add("usr/lib", '5').add("lib", '2', "", "/usr/lib")));
  REQUIRE(root.apply(RawTar().add("lib/x.so", '0', "so")));
  CHECK(root.scratch.read("root/usr/lib/x.so") == "so");
  CHECK(std::filesystem::is_symlink(root.scratch.path("root/lib")));
}

TEST_CASE("whiteouts remove, opaque ones only what is below") {
  const Root root;
  REQUIRE(
      root.apply(RawTar().add("a/old", '0', "1").add("a/sub/old", '0', "1").add("b", '0', "2").add("c/d/e", '0', "3")));
  REQUIRE(root.apply(RawTar().add(".wh.b", '0').add("a/new", '0', "4").add("a/.wh..wh..opq", '0').add("c/.wh.d", '0')));
  CHECK_FALSE(root.scratch.exists("root/b"));
  CHECK_FALSE(root.scratch.exists("root/a/old"));
  CHECK_FALSE(root.scratch.exists("root/a/sub"));
  CHECK(root.scratch.read("root/a/new") == "4");
  CHECK(root.scratch.exists("root/c"));
  CHECK_FALSE(root.scratch.exists("root/c/d"));
  CHECK(root.apply(RawTar().add(".wh.never-there", '0')));
}

TEST_CASE("a file replaces a directory and the other way round") {
  const Root root;
  REQUIRE(root.apply(RawTar().add("x/y/z", '0', "1").add("f", '0', "2")));
  REQUIRE(root.apply(RawTar().add("x", '0', "now a file").add("f", '5').add("f/g", '0', "3")));
  CHECK(root.scratch.read("root/x") == "now a file");
  CHECK(root.scratch.read("root/f/g") == "3");
}

TEST_CASE("a deep tree is removed without recursion") {
  const Root root;
  std::string path = "deep";
  for (int i = 0; i < 44; ++i) path += "/n";
  REQUIRE(root.apply(RawTar().add(path, '5')));
  // Behind a link the same again, deeper than any path may be long.
  for (int round = 0; round < 30; ++round) {  // the kernel follows at most 40 links
    const std::string link = "l" + std::to_string(round);
    const std::string target = round == 0 ? path : "l" + std::to_string(round - 1) + path.substr(4);
    const auto applied = root.apply(RawTar().add(link, '2', "", target).add(link + path.substr(4) + "/f", '0', "x"));
    INFO((applied ? "" : applied.error().message().substr(0, 300)));
    REQUIRE(applied);
  }
  REQUIRE(root.apply(RawTar().add(".wh.deep", '0')));
  CHECK_FALSE(root.scratch.exists("root/deep"));
}

TEST_CASE("devices are left out, refused or made, as asked") {
  const Root root;
  const RawTar tar = RawTar().add("null", '3');
  const auto report = root.apply(tar);
  REQUIRE(report);
  CHECK(report->skipped_devices == 1);
  CHECK_FALSE(root.scratch.exists("root/null"));
  ApplyOptions refuse;
  refuse.devices = Devices::Refuse;
  CHECK(root.apply(tar.text(), refuse).error().message() == "layer: null: a device");
}

TEST_CASE("a bomb stops at the limit") {
  const Root root;
  StringSink bomb;
  LayerFile file;
  file.entry.path = "zeros";
  file.content = std::string(size_t{32} << 20, '\0');
  REQUIRE(write_layer({file}, {Compression::Zstd}, bomb));
  CHECK(bomb.text().size() < 100'000);
  ApplyOptions options;
  options.limits.bytes = 1 << 20;
  CHECK_FALSE(root.apply(bomb.text(), options));
  std::error_code error;
  CHECK(std::filesystem::file_size(root.scratch.path("root/zeros"), error) <= size_t{2} << 20);
}

}  // namespace
}  // namespace kontain::image
