#include "toolchain/command_line.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "toolchain/warnings.h"

namespace kontain::toolchain {
namespace {

using Args = std::vector<std::string>;

const linker::Sdk kSdk = linker::sdk_around("/sdk/bin");

CommandLine plan(const Args& args) { return plan_command_line(args, kSdk).value(); }

// How often `wanted` is among the driver's arguments.
long count(const Args& args, const std::string& wanted) {
  const Args planned = plan(args).args;
  return std::count(planned.begin(), planned.end(), wanted);
}

}  // namespace

TEST_CASE("warnings are called by clang's names") {
  CHECK(treat_warning("all") == "all");
  CHECK(treat_warning("error") == "error");
  CHECK(treat_warning("error=format") == "error=format");
  CHECK(treat_warning("logical-op") == "logical-op");
  CHECK(treat_warning("format=2") == "format=2");
  CHECK(treat_warning("implicit-fallthrough=5") == "implicit-fallthrough");
  CHECK(treat_warning("implicit-fallthrough=0") == "no-implicit-fallthrough");
  CHECK(treat_warning("nonsense=1") == "nonsense=1");
  CHECK(treat_warning("") == "");
  for (const char* kept :
       {"no-format", "no-error", "no-error=format", "no-everything", "no-system-headers", "no-fatal-errors"}) {
    INFO(kept);
    CHECK(treat_warning(kept) == kept);
  }
  for (const char* left_out : {"no-maybe-uninitialized", "no-error=maybe-uninitialized", "no-", "no-error="}) {
    INFO(left_out);
    CHECK_FALSE(treat_warning(left_out));
  }
}

TEST_CASE("executables are static-PIE unless the arguments choose") {
  CHECK(count({"a.c"}, "-static-pie") == 1);
  CHECK(count({"-pie", "a.c"}, "-static-pie") == 1);
  CHECK(count({"-static", "-pie", "a.c"}, "-static-pie") == 1);
  CHECK(count({"-static-pie", "a.c"}, "-static-pie") == 1);
  for (const char* option : {"-static", "-shared", "-r", "-no-pie", "-dynamic"}) {
    INFO(option);
    CHECK(count({option, "a.c"}, "-static-pie") == 0);
  }
}

TEST_CASE("the option -no-pie means static at a fixed address") {
  CHECK(count({"-no-pie", "a.c"}, "-static") == 1);
  CHECK(count({"-pie", "-no-pie", "a.c"}, "-static") == 1);
  CHECK(count({"-no-pie", "-pie", "a.c"}, "-static-pie") == 1);
}

TEST_CASE("the option -dynamic is left to the driver, also with -no-pie") {
  CHECK(count({"-dynamic", "-no-pie", "a.c"}, "-no-pie") == 1);
  CHECK(count({"-dynamic", "-no-pie", "a.c"}, "-static") == 0);
}

TEST_CASE("the option -dynamic and -static contradict each other") {
  CHECK_FALSE(plan_command_line({"-dynamic", "-static", "a.c"}, kSdk));
  CHECK_FALSE(plan_command_line({"-static-pie", "-dynamic", "a.c"}, kSdk));
}

TEST_CASE("what belongs to another option chooses nothing") {
  CHECK(count({"-o", "-shared", "a.c"}, "-static-pie") == 1);
  CHECK(count({"-Xlinker", "-r", "a.c"}, "-static-pie") == 1);
  CHECK(plan({"-o", "--help", "a.c"}).action == Action::Compile);
}

TEST_CASE("headers, libraries and the linker come from the SDK") {
  CHECK(count({"a.c"}, "--sysroot=/sdk/lib/kontain/sysroot") == 1);
  CHECK(count({"a.c"}, "-resource-dir=/sdk/lib/kontain/clang") == 1);
  CHECK(count({"a.c"}, "--ld-path=/sdk/bin/kontain-ld") == 1);
  CHECK(count({"a.c"}, "--no-default-config") == 1);
}

TEST_CASE("the user's arguments come last, in their order") {
  const Args args = plan({"-O2", "a.c", "--sysroot=/mine"}).args;
  REQUIRE(args.size() > 3);
  CHECK(Args(args.end() - 3, args.end()) == Args{"-O2", "a.c", "--sysroot=/mine"});
}

TEST_CASE("questions are known") {
  CHECK(plan({"--help"}).action == Action::Help);
  CHECK(plan({"--version"}).action == Action::Version);
  CHECK(plan({"-dumpmachine"}).action == Action::PrintMachine);
  CHECK(plan({"-print-sysroot"}).action == Action::PrintSysroot);
  CHECK(plan({"-print-prog-name=ld"}).action == Action::PrintProgram);
  CHECK(plan({"--print-prog-name=as"}).value == "as");
  CHECK(plan({"-###", "a.c"}).verbose);
  CHECK_FALSE(plan({"a.c"}).verbose);
}

}  // namespace kontain::toolchain
