#include "linker/response_file.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace kontain::linker {
namespace {

using Args = std::vector<std::string>;

class Directory {
 public:
  Directory() {
    char name[] = "/tmp/response.XXXXXX";
    REQUIRE(mkdtemp(name));
    path_ = name;
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(path_ / name) << text;
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace

TEST_CASE("arguments are separated by white space") {
  CHECK(split_response_text(" a\tb\r\nc ") == Args{"a", "b", "c"});
  CHECK(split_response_text("").empty());
  CHECK(split_response_text(" \n ").empty());
}

TEST_CASE("quotations and backslashes keep characters") {
  CHECK(split_response_text(R"(-DX="a b" 'c "d"' "e'f")") == Args{"-DX=a b", "c \"d\"", "e'f"});
  CHECK(split_response_text(R"(a\ b \"c \\)") == Args{"a b", "\"c", "\\"});
  CHECK(split_response_text(R"("" '')") == Args{"", ""});
  CHECK(split_response_text("\"open end") == Args{"open end"});
}

TEST_CASE("files are put in the place of their names, also inside files") {
  Directory directory;
  const std::string inner = directory.write("inner", "-c x.c");
  const std::string outer = directory.write("outer", "-O2 @" + inner + " -g");
  CHECK(expand_response_files({"first", "@" + outer, "last"}).value() ==
        Args{"first", "-O2", "-c", "x.c", "-g", "last"});
}

TEST_CASE("a name without a file stays as it is") {
  CHECK(expand_response_files({"@/no/such/file", "@"}).value() == Args{"@/no/such/file", "@"});
}

TEST_CASE("a file that names itself is an error") {
  Directory directory;
  const std::string path = directory.write("self", "");
  directory.write("self", "@" + path);
  CHECK_FALSE(expand_response_files({"@" + path}));
}

}  // namespace kontain::linker
