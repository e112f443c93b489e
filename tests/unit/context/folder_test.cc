#include "imagebuild/context/folder.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>

using namespace kontain::image;
using namespace kontain::image::context;
namespace fs = std::filesystem;

namespace {

// A folder that lives as long as the test, with a file outside beside it.
class Scratch {
 public:
  Scratch() {
    std::string name = (fs::temp_directory_path() / "context-test.XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    top_ = name;
    fs::create_directory(top_ / "in");
    std::ofstream(top_ / "secret") << "secret";
  }
  ~Scratch() { fs::remove_all(top_); }
  fs::path operator/(const std::string& name) const { return top_ / "in" / name; }
  void file(const std::string& name, const std::string& text = "x") const {
    fs::create_directories((*this / name).parent_path());
    std::ofstream(*this / name) << text;
  }
  Folder open() const {
    auto folder = Folder::open((top_ / "in").string());
    REQUIRE(folder);
    return std::move(*folder);
  }
  fs::path outside() const { return top_ / "secret"; }

 private:
  fs::path top_;
};

std::vector<std::string> paths(const Folder& folder, std::string_view ignore = "", std::string_view at = "") {
  const auto list = IgnoreList::parse(ignore, "ignore");
  REQUIRE(list);
  const auto nodes = walk(folder, at, *list, "");
  REQUIRE(nodes);
  std::vector<std::string> out;
  for (const Node& node : *nodes) out.push_back(node.path);
  return out;
}

using Paths = std::vector<std::string>;

}  // namespace

TEST_CASE("a walk gives folders before what is in them, sorted") {
  Scratch scratch;
  scratch.file("b/y");
  scratch.file("b/x");
  scratch.file("a");
  scratch.file("b-c");
  CHECK(paths(scratch.open()) == Paths{"", "a", "b", "b/x", "b/y", "b-c"});
  CHECK(paths(scratch.open(), "", "b") == Paths{"b", "b/x", "b/y"});
}

TEST_CASE("what is ignored is not walked, what is taken in again is") {
  Scratch scratch;
  scratch.file("a/keep/f");
  scratch.file("a/x");
  scratch.file("b/x");
  CHECK(paths(scratch.open(), "a\n") == Paths{"", "b", "b/x"});
  CHECK(paths(scratch.open(), "*\n!a/keep\n") == Paths{"", "a", "a/keep", "a/keep/f"});
}

TEST_CASE("links do not lead outside") {
  Scratch scratch;
  scratch.file("d/f", "inside");
  fs::create_symlink(scratch.outside(), scratch / "absolute");
  fs::create_symlink("../secret", scratch / "relative");
  fs::create_symlink("/d", scratch / "folder");
  fs::create_symlink("/proc/self/root", scratch / "magic");
  const Folder folder = scratch.open();
  CHECK_FALSE(folder.open_file("absolute"));
  CHECK_FALSE(folder.open_file("relative"));
  CHECK_FALSE(folder.open_file("../secret"));
  CHECK_FALSE(folder.open_file("magic/etc/passwd"));
  CHECK(folder.open_file("folder/f"));
  CHECK(folder.real_path("folder/f") == "d/f");
  CHECK(folder.real_path("folder/new") == "d/new");
  const auto link = folder.stat("absolute", Links::Keep);
  REQUIRE((link && *link));
  CHECK((*link)->type == EntryType::Symlink);
  CHECK((*link)->link_target == scratch.outside());
  CHECK(paths(folder) == Paths{"", "absolute", "d", "d/f", "folder", "magic", "relative"});
}

TEST_CASE("magic links are not followed even when the folder is the root") {
  const auto root = Folder::open("/");
  REQUIRE(root);
  CHECK_FALSE(root->open_file("proc/self/exe"));
  CHECK(root->open_file("etc/passwd"));
}

TEST_CASE("only regular files are opened, sockets do not exist") {
  Scratch scratch;
  REQUIRE(mkfifo((scratch / "fifo").c_str(), 0600) == 0);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, (scratch / "socket").c_str(), sizeof address.sun_path - 1);
  REQUIRE(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  close(fd);
  const Folder folder = scratch.open();
  CHECK_FALSE(folder.open_file("fifo"));
  CHECK_FALSE(folder.open_file(""));
  CHECK(paths(folder) == Paths{"", "fifo"});
}

TEST_CASE("patterns of COPY") {
  Scratch scratch;
  for (const char* name : {"a1/x.c", "a1/y.h", "a2/x.c", "b/x.c", "a3"}) scratch.file(name);
  const Folder folder = scratch.open();
  CHECK(expand_pattern(folder, "a*/x.?") == Paths{"a1/x.c", "a2/x.c"});
  CHECK(expand_pattern(folder, "/a[12]") == Paths{"a1", "a2"});
  CHECK(expand_pattern(folder, "nothing*") == Paths{});
  CHECK(expand_pattern(folder, "./not/there") == Paths{"not/there"});
  CHECK(expand_pattern(folder, "../*") == Paths{"a1", "a2", "a3", "b"});
}

TEST_CASE("attributes of files") {
  Scratch scratch;
  scratch.file("f", "12345");
  fs::permissions(scratch / "f", fs::perms(0640));
  fs::create_hard_link(scratch / "f", scratch / "g");
  const Folder folder = scratch.open();
  const auto f = folder.stat("f", Links::Keep), g = folder.stat("/g", Links::Keep);
  REQUIRE((f && *f && g && *g));
  CHECK((*f)->size == 5);
  CHECK((*f)->mode == 0640);
  CHECK((*f)->links == 2);
  CHECK((*f)->inode == (*g)->inode);
  CHECK((*g)->path == "g");
  const auto none = folder.stat("f/below", Links::Keep);
  CHECK((none && !*none));
}

TEST_CASE("a tree that is too deep ends with an error") {
  Scratch scratch;
  std::string path = "d";
  for (size_t i = 0; i < kMaxDepth + 5; ++i) path += "/d";
  fs::create_directories(scratch / path);
  const auto nodes = walk(scratch.open(), "", IgnoreList(), "");
  REQUIRE_FALSE(nodes);
  CHECK(nodes.error().reason == "too many folders inside each other");
}
