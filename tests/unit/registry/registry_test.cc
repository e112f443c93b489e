#include "km/registry/registry.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace kontain::test {
namespace {

using registry::Entry;

class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "kontain-registry-XXXXXX").string();
    parent_ = mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(parent_); }
  std::string path() const { return parent_ + "/kontain"; }
  size_t files() const {
    size_t count = 0;
    for ([[maybe_unused]] const auto& file : std::filesystem::directory_iterator(path())) ++count;
    return count;
  }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path() + "/" + name) << text; }

 private:
  std::string parent_;
};

Entry example() { return {1234, "/bin/program", 1'700'000'000'123, "0.1.0"}; }

TEST_CASE("an entry survives its text") {
  const auto read = registry::decode(registry::encode(example()));
  REQUIRE(read);
  CHECK(read->pid == 1234);
  CHECK(read->program == "/bin/program");
  CHECK(read->started == 1'700'000'000'123);
  CHECK(read->version == "0.1.0");
}

TEST_CASE("a program's name may be any bytes") {
  Entry entry = example();
  entry.program = "a\xff\"\n\\b";
  auto read = registry::decode(registry::encode(entry));
  REQUIRE(read);
  CHECK(read->program == "a\xef\xbf\xbd\"\n\\b");
  entry.program.assign(100'000, '\x01');
  const std::string text = registry::encode(entry);
  CHECK(text.size() < registry::kMaximumText);
  CHECK(registry::decode(text));
}

TEST_CASE("a text that is no entry is refused") {
  for (const char* text :
       {"", "{", "[]", "null", "7", "{}", R"({"pid":1})", R"({"pid":"1","program":"x","started":1,"version":"v"})",
        R"({"pid":0,"program":"x","started":1,"version":"v"})", R"({"pid":-5,"program":"x","started":1,"version":"v"})",
        R"({"pid":4294967297,"program":"x","started":1,"version":"v"})",
        R"({"pid":18446744073709551615,"program":"x","started":1,"version":"v"})",
        R"({"pid":1.5,"program":"x","started":1,"version":"v"})", R"({"pid":1,"program":3,"started":1,"version":"v"})",
        R"({"pid":1,"program":"x","started":"soon","version":"v"})", R"({"pid":1,"program":"x","started":1})"}) {
    INFO(text);
    CHECK_FALSE(registry::decode(text));
  }
  CHECK(registry::decode(R"({"pid":1,"program":"x","started":1,"version":"v","later":[1]})"));
  CHECK_FALSE(registry::decode(std::string(registry::kMaximumText + 1, ' ')));
  CHECK_FALSE(registry::decode(std::string(registry::kMaximumText, '[')));
}

TEST_CASE("whoever is enrolled is listed until its descriptor is closed") {
  const Folder folder;
  CHECK(registry::list(folder.path()).empty());
  {
    const auto one = registry::enroll(folder.path(), example());
    REQUIRE(one);
    CHECK(fcntl(one->fd(), F_GETFD) == FD_CLOEXEC);
    Entry other = example();
    other.pid = 99;
    const auto two = registry::enroll(folder.path(), other);
    REQUIRE(two);
    const auto living = registry::list(folder.path());
    REQUIRE(living.size() == 2);
    CHECK(living[0].pid == 99);
    CHECK(living[1].program == "/bin/program");
  }
  CHECK(folder.files() == 2);
  CHECK(registry::list(folder.path()).empty());
  CHECK(folder.files() == 0);
  struct stat info;
  REQUIRE(stat(folder.path().c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0700);
}

TEST_CASE("a tree is listed as long as one process lives") {
  const Folder folder;
  pid_t child = 0;
  {
    auto one = registry::enroll(folder.path(), example());
    REQUIRE(one);
    child = fork();
    if (child == 0) {
      pause();
      _exit(0);
    }
    // The first process is gone, and its descriptor with it.
  }
  CHECK(registry::list(folder.path()).size() == 1);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  CHECK(registry::list(folder.path()).empty());
}

TEST_CASE("the lock follows the descriptor to another number") {
  const Folder folder;
  auto one = registry::enroll(folder.path(), example());
  REQUIRE(one);
  const UniqueFd first = one->take_fd();
  one->set_fd(UniqueFd(fcntl(first.get(), F_DUPFD_CLOEXEC, 100)));
  CHECK(registry::list(folder.path()).size() == 1);
  const registry::Registration next(one->take_fd(), one->path());
  CHECK(next.fd() >= 100);
  CHECK(registry::list(folder.path()).size() == 1);
}

TEST_CASE("enrolling removes what is stale, and withdrawing the rest") {
  const Folder folder;
  {
    CHECK(registry::enroll(folder.path(), example()));
  }
  folder.write("left-over", "nonsense");
  auto one = registry::enroll(folder.path(), example());
  REQUIRE(one);
  CHECK(folder.files() == 1);
  one->withdraw();
  CHECK(folder.files() == 0);
}

TEST_CASE("files that are no entries do no harm") {
  const Folder folder;
  auto one = registry::enroll(folder.path(), example());
  REQUIRE(one);
  std::filesystem::create_symlink("/dev/zero", folder.path() + "/link");
  std::filesystem::create_directory(folder.path() + "/directory");
  REQUIRE(mkfifo((folder.path() + "/fifo").c_str(), 0600) == 0);
  CHECK(pwrite(one->fd(), "{}", 2, 0) == 2);
  CHECK(registry::list(folder.path()).empty());
  CHECK(folder.files() == 4);
}

TEST_CASE("a folder that is missing, foreign or shared is an error") {
  const Folder folder;
  CHECK_FALSE(registry::enroll(folder.path() + "/a/b", example()));
  REQUIRE(mkdir(folder.path().c_str(), 0700) == 0);
  REQUIRE(chmod(folder.path().c_str(), 0777) == 0);
  CHECK_FALSE(registry::enroll(folder.path(), example()));
  CHECK(folder.files() == 0);
  std::filesystem::remove(folder.path());
  std::filesystem::create_directory_symlink("/tmp", folder.path());
  CHECK_FALSE(registry::enroll(folder.path(), example()));
}

TEST_CASE("root and users have folders of their own") {
  CHECK(registry::folder_of(0) == "/run/kontain");
  CHECK(registry::folder_of(1000) == "/run/user/1000/kontain");
}

}  // namespace
}  // namespace kontain::test
