#include "base/error.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <memory>

namespace kontain {
namespace {

Result<int> half(int value) {
  if (value % 2 != 0) return fail("half", std::to_string(value), "is odd");
  return value / 2;
}

Result<void> must_be_even(int value) {
  TRY(half(value));
  return {};
}

Result<int> quarter(int value, int& steps) {
  TRY_ASSIGN(int first, half(value));
  ++steps;
  TRY_ASSIGN(int second, half(first));
  ++steps;
  return second;
}

Result<std::unique_ptr<int>> boxed(int value) {
  TRY_ASSIGN(std::unique_ptr<int> box, Result<std::unique_ptr<int>>(std::make_unique<int>(value)));
  return box;
}

TEST_CASE("a message has the parts that are not empty") {
  CHECK(Error{"km", "app.km", "is empty"}.message() == "km: app.km: is empty");
  CHECK(Error{"km", "", "is empty"}.message() == "km: is empty");
  CHECK(Error{"", "", "is empty"}.message() == "is empty");
  CHECK(Error{}.message().empty());
}

TEST_CASE("a hostile name cannot forge a second line or drive the terminal") {
  CHECK(Error{"open", "a\nkm: all is well", "\x1b[2Jno"}.message() == "open: a\\nkm: all is well: \\x1b[2Jno");
}

TEST_CASE("fail_errno keeps the number and says it in words") {
  Result<int> result = fail_errno("open", "/nowhere", ENOENT);
  REQUIRE_FALSE(result);
  CHECK(result.error().errno_value == ENOENT);
  CHECK(result.error().message() == "open: /nowhere: No such file or directory");
  CHECK(errno_text(ENOENT) == "No such file or directory");
}

TEST_CASE("fail carries no errno") {
  Result<int> result = half(3);
  REQUIRE_FALSE(result);
  CHECK(result.error().errno_value == 0);
  CHECK(result.error().message() == "half: 3: is odd");
}

TEST_CASE("TRY returns the error or goes on") {
  CHECK(must_be_even(4));
  Result<void> odd = must_be_even(5);
  REQUIRE_FALSE(odd);
  CHECK(odd.error().detail == "5");
}

TEST_CASE("TRY_ASSIGN stops at the first error and moves the value") {
  int steps = 0;
  CHECK(quarter(8, steps) == 2);
  CHECK(steps == 2);
  steps = 0;
  Result<int> stopped = quarter(6, steps);
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().detail == "3");
  CHECK(steps == 1);
  CHECK(*boxed(7).value() == 7);
}

TEST_CASE("a broken invariant ends the process with SIGABRT") {
  pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    signal(SIGABRT, SIG_DFL);
    dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
    KONTAIN_CHECK(child != 0);
    _exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGABRT);
}

TEST_CASE("an invariant that holds costs nothing") {
  int evaluated = 0;
  KONTAIN_CHECK(++evaluated == 1);
  CHECK(evaluated == 1);
}

}  // namespace
}  // namespace kontain
