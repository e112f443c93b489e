#include "imagebuild/build/diff.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "tests/unit/build/scratch.h"

using namespace kontain::image;
using namespace kontain::image::build;
namespace fs = std::filesystem;

namespace {

std::string changes(const Scratch& scratch) {
  const auto files = overlay_changes(scratch.open(), 7);
  if (!files) return files.error().message();
  std::string out;
  for (const LayerFile& file : *files) {
    CHECK(file.entry.mtime == 7);
    out += file.entry.path + (file.entry.link_target.empty() ? "" : " -> " + file.entry.link_target) + "\n";
  }
  return out;
}

}  // namespace

TEST_CASE("an overlay's upper folder as the files of a layer") {
  Scratch scratch;
  scratch.file("d/new");
  scratch.file("d-x");
  fs::create_hard_link(scratch / "d/new", scratch / "d/second");
  fs::create_symlink("new", scratch / "d/link");
  CHECK(changes(scratch) == "d\nd/link -> new\nd/new\nd/second -> d/new\nd-x\n");
}

TEST_CASE("whiteouts and opaque folders") {
  Scratch scratch;
  scratch.file("d/new");
  if (mknod((scratch / "gone").c_str(), S_IFCHR | 0000, makedev(0, 0)) != 0) return;  // only root may
  if (setxattr((scratch / "d").c_str(), "trusted.overlay.opaque", "y", 1, 0) != 0) return;
  REQUIRE(setxattr((scratch / "d/new").c_str(), "trusted.overlay.origin", "x", 1, 0) == 0);
  REQUIRE(setxattr((scratch / "d/new").c_str(), "user.kept", "v", 1, 0) == 0);
  CHECK(changes(scratch) == "d\nd/.wh..wh..opq\nd/new\n.wh.gone\n");
  const auto files = overlay_changes(scratch.open(), 0);
  REQUIRE(files);
  CHECK((*files)[2].entry.xattrs == std::map<std::string, std::string>{{"user.kept", "v"}});
}
