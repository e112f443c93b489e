#include "imagebuild/layer/layer.h"

#include <sys/stat.h>
#include <utime.h>

#include <catch2/catch.hpp>

#include "imagebuild/tar/reader.h"
#include "tests/unit/image/scratch.h"

namespace kontain::image {
namespace {

std::vector<std::string> paths(const LayerFiles& files) {
  std::vector<std::string> made;
  for (const LayerFile& file : files) made.push_back(file.entry.path);
  return made;
}

LayerFile text_file(const std::string& path, const std::string& text) {
  LayerFile file;
  file.entry.path = path;
  file.content = text;
  return file;
}

TEST_CASE("a tree becomes entries that know nothing of its owner, mode and time") {
  const Scratch scratch;
  scratch.write("t/b/x", "1");
  scratch.write("t/a", "22");
  chmod(scratch.path("t/a").c_str(), 0600);
  chmod(scratch.path("t/b/x").c_str(), 0777);
  std::filesystem::create_symlink("../nowhere", scratch.path("t/l"));
  const auto files = collect_tree(scratch.path("t"), "app/", {});
  REQUIRE(files);
  CHECK(paths(*files) == std::vector<std::string>{"app", "app/a", "app/b", "app/b/x", "app/l"});
  CHECK((*files)[1].entry.mode == 0644);
  CHECK((*files)[3].entry.mode == 0755);
  CHECK((*files)[4].entry.link_target == "../nowhere");
  for (const LayerFile& file : *files) CHECK((file.entry.mtime == 0 && file.entry.uid == 0));
}

TEST_CASE("what is asked for is kept") {
  const Scratch scratch;
  scratch.write("t/a", "1");
  chmod(scratch.path("t/a").c_str(), 0640);
  std::filesystem::create_hard_link(scratch.path("t/a"), scratch.path("t/z"));
  const utimbuf times{500, 500};
  REQUIRE(utime(scratch.path("t/a").c_str(), &times) == 0);
  TreeOptions options;
  options.modes = TreeOptions::Modes::Keep;
  options.times = TreeOptions::Times::Clamp;
  options.hardlinks = TreeOptions::Hardlinks::Keep;
  options.mtime = 400;
  auto files = collect_tree(scratch.path("t"), "", options);
  REQUIRE(files);
  REQUIRE(paths(*files) == std::vector<std::string>{"a", "z"});
  CHECK((*files)[0].entry.mode == 0640);
  CHECK((*files)[0].entry.mtime == 400);
  CHECK((*files)[1].entry.type == EntryType::Hardlink);
  CHECK((*files)[1].entry.link_target == "a");
  options.times = TreeOptions::Times::Keep;
  CHECK((*collect_tree(scratch.path("t"), "", options))[0].entry.mtime == 500);
}

TEST_CASE("parents are added and two files of one name refused") {
  auto files = complete_tree({text_file("usr/bin/app", "x"), text_file("etc", "y")}, 7);
  REQUIRE(files);
  CHECK(paths(*files) == std::vector<std::string>{"etc", "usr", "usr/bin", "usr/bin/app"});
  CHECK((*files)[1].entry.type == EntryType::Directory);
  CHECK((*files)[1].entry.mtime == 7);
  CHECK(complete_tree({text_file("a", "x"), text_file("a", "y")}, 0).error().message() ==
        "layer: a: two files of this name");
  CHECK(complete_tree({text_file("a", "x"), text_file("a/b", "y")}, 0).error().message() ==
        "layer: a: a file, but a/b lies below it");
}

TEST_CASE("a whiteout has the name that layers give it") {
  CHECK(whiteout("a/b", 0).entry.path == "a/.wh.b");
  CHECK(whiteout("b", 0).entry.path == ".wh.b");
}

TEST_CASE("a layer is the same whatever the number of threads, and its diff_id is the tar's digest") {
  const Scratch scratch;
  scratch.write("t/big", std::string(size_t{3} << 20, 'x') + "end");
  scratch.write("t/small", "s");
  const auto files = collect_tree(scratch.path("t"), "", {});
  REQUIRE(files);
  StringSink one, many, tar;
  const auto first = write_layer(*files, {Compression::Zstd, 0, 1}, one);
  const auto second = write_layer(*files, {Compression::Zstd, 0, 8}, many);
  const auto plain = write_layer(*files, {Compression::None}, tar);
  REQUIRE((first && second && plain));
  CHECK((one.text() == many.text()));
  CHECK(first->diff_id == plain->diff_id);
  CHECK(plain->diff_id == Digest::of(tar.text()));
  CHECK(plain->tar_size == tar.text().size());
}

TEST_CASE("a file that vanished is named") {
  LayerFile file = text_file("a", "");
  file.content = HostFile{"/nonexistent/a"};
  StringSink sink;
  CHECK(write_layer({file}, {}, sink).error().message() == "open: /nonexistent/a: No such file or directory");
}

}  // namespace
}  // namespace kontain::image
