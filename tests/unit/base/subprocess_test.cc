#include "base/subprocess.h"

#include <fcntl.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <csignal>

namespace kontain {
namespace {

SubprocessResult shell(const std::string& script) {
  Result<SubprocessResult> result = run_subprocess({"sh", "-c", script});
  REQUIRE(result);
  return *result;
}

TEST_CASE("both outputs and the exit status come back apart") {
  SubprocessResult result = shell("echo to-out; echo to-err >&2; exit 7");
  CHECK(result.out == "to-out\n");
  CHECK(result.err == "to-err\n");
  CHECK(result.exit_code == 7);
  CHECK(result.signal == 0);
}

TEST_CASE("a signal is not an exit status") {
  SubprocessResult result = shell("kill -TERM $$");
  CHECK(result.signal == SIGTERM);
  CHECK(result.exit_code == 0);
}

TEST_CASE("arguments are passed unchanged") {
  Result<SubprocessResult> result = run_subprocess({"printf", "%s|", "two words", "", "$HOME", "*"});
  REQUIRE(result);
  CHECK(result->out == "two words||$HOME|*|");
}

TEST_CASE("stdin is empty") { CHECK(shell("cat; echo end").out == "end\n"); }

TEST_CASE("much output on both pipes blocks nobody") {
  SubprocessResult result =
      shell("head -c 1000000 /dev/zero >&2; head -c 1000000 /dev/zero; head -c 1000000 /dev/zero >&2");
  CHECK(result.out.size() == 1000000);
  CHECK(result.err.size() == 2000000);
}

// Descriptors that whoever started this test left open for every program: not ours to close.
int inherited_count() {
  int count = 0;
  for (int fd = 3; fd < 1024; ++fd) {
    int flags = fcntl(fd, F_GETFD);
    count += flags >= 0 && (flags & FD_CLOEXEC) == 0;
  }
  return count;
}

TEST_CASE("no descriptor of our own is passed on") {
  SubprocessResult result = shell("ls /proc/self/fd | wc -l");
  // The three standard ones, and the one with which ls reads the folder.
  CHECK(std::stoi(result.out) == 3 + inherited_count() + 1);
}

TEST_CASE("a program that does not exist is a failure, not a result") {
  Result<SubprocessResult> result = run_subprocess({"kontain-no-such-program"});
  REQUIRE_FALSE(result);
  CHECK(result.error().errno_value == ENOENT);
  CHECK(result.error().message() == "cannot start: kontain-no-such-program: No such file or directory");
}

}  // namespace
}  // namespace kontain
