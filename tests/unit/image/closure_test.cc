#include "imagebuild/payload/closure.h"

#include <catch2/catch.hpp>
#include <fstream>

#include "imagebuild/payload/elf_needs.h"
#include "tests/unit/image/scratch.h"

namespace kontain::image {
namespace {

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST_CASE("a dynamic program says what it needs") {
  const auto needs = elf_needs(read("/proc/self/exe"));
  REQUIRE(needs);
  CHECK(needs->interpreter == "/lib64/ld-linux-x86-64.so.2");
  CHECK(std::ranges::find(needs->libraries, "libc.so.6") != needs->libraries.end());
}

TEST_CASE("a damaged program says nothing, and never reads beyond its end") {
  const std::string good = read("/bin/true");
  REQUIRE(elf_needs(good));
  for (size_t size = 0; size < good.size(); size += 97) static_cast<void>(elf_needs(std::string(good, 0, size)));
  CHECK_FALSE(elf_needs(""));
  CHECK_FALSE(elf_needs("#!/bin/sh\n"));
  std::string other = good;
  other[18] = 3;  // EM_386
  CHECK_FALSE(elf_needs(other));
}

TEST_CASE("the closure is what the loader maps") {
  const auto files = elf_closure("/bin/true");
  REQUIRE(files);
  std::vector<std::string> paths;
  for (const ClosureFile& file : *files) paths.push_back(file.image_path);
  CHECK(std::ranges::find(paths, "/lib64/ld-linux-x86-64.so.2") != paths.end());
  CHECK(std::ranges::any_of(paths, [](const std::string& path) { return path.ends_with("/libc.so.6"); }));
}

TEST_CASE("what is no program has no closure") {
  const Scratch scratch;
  scratch.write("script", "#!/bin/sh\n");
  CHECK_FALSE(elf_closure(scratch.path("script")));
  CHECK_FALSE(elf_closure(scratch.path("missing")));
}

}  // namespace
}  // namespace kontain::image
