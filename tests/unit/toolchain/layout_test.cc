#include "linker/layout.h"

#include <algorithm>
#include <catch2/catch.hpp>

namespace kontain::linker {
namespace {

using Args = std::vector<std::string>;

bool has(const Args& args, const std::string& wanted) {
  return std::find(args.begin(), args.end(), wanted) != args.end();
}

}  // namespace

TEST_CASE("the kind of output follows the options") {
  CHECK(output_kind({"-o", "a", "a.o"}) == OutputKind::FixedExecutable);
  CHECK(output_kind({"-static", "a.o"}) == OutputKind::FixedExecutable);
  CHECK(output_kind({"-pie", "a.o"}) == OutputKind::PieExecutable);
  CHECK(output_kind({"--pie", "a.o"}) == OutputKind::PieExecutable);
  CHECK(output_kind({"-static-pie", "a.o"}) == OutputKind::PieExecutable);
  CHECK(output_kind({"-pie", "-no-pie", "a.o"}) == OutputKind::FixedExecutable);
  CHECK(output_kind({"-shared", "a.o"}) == OutputKind::SharedLibrary);
  CHECK(output_kind({"-Bshareable", "a.o"}) == OutputKind::SharedLibrary);
  CHECK(output_kind({"-r", "a.o"}) == OutputKind::Relocatable);
  CHECK(output_kind({"--relocatable", "a.o"}) == OutputKind::Relocatable);
  CHECK(output_kind({"-lc"}) == OutputKind::FixedExecutable);
}

TEST_CASE("without an input nothing is made") {
  CHECK(output_kind({}) == OutputKind::Nothing);
  CHECK(output_kind({"--version", "a.o"}) == OutputKind::Nothing);
  CHECK(output_kind({"-o", "a", "-L", "dir", "-pie"}) == OutputKind::Nothing);
}

TEST_CASE("a value of an option is not an option") {
  CHECK(output_kind({"-o", "-shared", "a.o"}) == OutputKind::FixedExecutable);
  CHECK(output_kind({"-soname", "-r", "-shared", "a.o"}) == OutputKind::SharedLibrary);
}

TEST_CASE("a fixed executable starts at 2 MiB") {
  CHECK(with_layout({"a.o"}) == Args{"-static", "a.o", "--image-base=0x200000"});
}

TEST_CASE("an address that the arguments give is left alone") {
  for (const char* option : {"--image-base=0x400000", "-Ttext=0x1000", "-Ttext-segment=0x1000", "-T", "-Tlink.ld",
                             "--section-start=.text=0x1000"}) {
    INFO(option);
    CHECK_FALSE(has(with_layout({option, "a.o"}), "--image-base=0x200000"));
  }
}

TEST_CASE("everything but a fixed executable gets no address") {
  CHECK(with_layout({"-pie", "a.o"}) == Args{"-static", "-pie", "a.o"});
  for (const char* option : {"-shared", "-r", "--help"}) {
    INFO(option);
    CHECK(with_layout({option, "a.o"}) == Args{option, "a.o"});
  }
}

TEST_CASE("an executable that names a loader may use shared libraries") {
  CHECK_FALSE(has(with_layout({"-pie", "-dynamic-linker", "/lib/ld", "a.o"}), "-static"));
  CHECK_FALSE(has(with_layout({"--dynamic-linker=/lib/ld", "a.o"}), "-static"));
  CHECK(has(with_layout({"--no-dynamic-linker", "a.o"}), "-static"));
}

TEST_CASE("the option -static-pie is spelled out") {
  CHECK(with_layout({"-static-pie", "a.o"}) == Args{"-static", "-pie", "--no-dynamic-linker", "-z", "text", "a.o"});
}

TEST_CASE("the output's name is found") {
  CHECK(output_path({"a.o"}) == "a.out");
  CHECK(output_path({"-o", "b", "a.o"}) == "b");
  CHECK(output_path({"-ob", "a.o"}) == "b");
  CHECK(output_path({"--output=b", "a.o"}) == "b");
  CHECK(output_path({"-soname", "-o", "a.o"}) == "a.out");
  CHECK(output_path({"--oformat=elf64-x86-64", "a.o"}) == "a.out");
}

}  // namespace kontain::linker
