#include "imagebuild/build/tree.h"

#include <catch2/catch.hpp>

#include "imagebuild/tar/stream.h"

using namespace kontain::image;
using namespace kontain::image::build;

namespace {

LayerFile file(const std::string& path, const std::string& text = "x") {
  LayerFile made;
  made.entry.path = path;
  made.entry.size = text.size();
  made.content = text;
  return made;
}

LayerFile folder(const std::string& path, uint32_t mode = 0755) {
  LayerFile made;
  made.entry.path = path;
  made.entry.type = EntryType::Directory;
  made.entry.mode = mode;
  return made;
}

LayerFile link_entry(const std::string& path, const std::string& target) {
  LayerFile made;
  made.entry.path = path;
  made.entry.type = EntryType::Symlink;
  made.entry.link_target = target;
  return made;
}

// Applies the layer as the tar that a store would hold.
void apply(ImageTree& tree, const LayerFiles& files) {
  StringSink tar;
  REQUIRE(write_layer(files, {.compression = Compression::Gzip}, tar));
  StringSource source(tar.text());
  const auto applied = tree.apply(source);
  if (!applied) FAIL(applied.error().message());
}

}  // namespace

TEST_CASE("layers lie on top of each other") {
  ImageTree tree;
  apply(tree, {folder("d", 01777), file("d/a"), file("d/b"), file("d-x"), folder("e"), file("e/f")});
  apply(tree, {folder("d", 0700), file("d/.wh.a", ""), file("d/c"), file("e", "now a file")});
  CHECK_FALSE(tree.find("d/a"));
  CHECK(tree.find("d/b"));
  CHECK(tree.find("d/c"));
  CHECK(tree.find("d-x"));
  CHECK(tree.find("d")->mode == 0700);
  CHECK(tree.find("e")->type == EntryType::File);
  CHECK_FALSE(tree.find("e/f"));
  apply(tree, {file("d/.wh..wh..opq", ""), file("d/new")});
  CHECK_FALSE(tree.find("d/b"));
  CHECK(tree.find("d/new"));
  CHECK(tree.find("d-x"));
}

TEST_CASE("folders without an entry exist all the same") {
  ImageTree tree;
  apply(tree, {file("a/b/c")});
  REQUIRE(tree.find("a/b"));
  CHECK(tree.find("a/b")->type == EntryType::Directory);
  CHECK(tree.find("")->type == EntryType::Directory);
  CHECK_FALSE(tree.find("a/x"));
}

TEST_CASE("links are followed inside the image") {
  ImageTree tree;
  apply(tree, {folder("usr"), folder("usr/lib"), link_entry("lib", "usr/lib"), link_entry("up", "../../../usr"),
               link_entry("abs", "/lib/x"), link_entry("loop", "loop")});
  CHECK(tree.resolve("lib/y") == "usr/lib/y");
  CHECK(tree.resolve("up/lib") == "usr/lib");
  CHECK(tree.resolve("abs") == "usr/lib/x");
  CHECK(tree.resolve("usr/../lib/..") == "usr");
  CHECK(tree.resolve("new/dir") == "new/dir");
  CHECK_FALSE(tree.resolve("loop/x"));
  CHECK(tree.is_folder("/lib") == true);
  CHECK(tree.is_folder("/lib/x") == false);
}

TEST_CASE("users are those of the topmost files") {
  ImageTree tree;
  apply(tree, {file("etc/passwd", "a:x:1:1::/:\n"), file("etc/group", "g:x:5:\n")});
  apply(tree, {file("etc/passwd", "b:x:2:2::/:\n")});
  CHECK(tree.users().passwd == "b:x:2:2::/:\n");
  CHECK(tree.users().group == "g:x:5:\n");
  apply(tree, {file("etc/.wh.group", "")});
  CHECK(tree.users().group.empty());
}
