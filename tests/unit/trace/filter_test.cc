#include "km/trace/filter.h"

#include <catch2/catch.hpp>

namespace kontain::trace {
namespace {

uint64_t number(std::string_view name) { return abi::find_syscall(name)->number; }

Filter parsed(std::string_view text) {
  const auto filter = Filter::parse(text);
  REQUIRE(filter);
  return *filter;
}

}  // namespace

TEST_CASE("without a filter everything is shown") {
  for (const Filter& filter : {Filter::all(), parsed(""), parsed("all")}) {
    CHECK(filter.wants(number("read")));
    CHECK(filter.wants(number("file_setattr")));
    CHECK(filter.wants(400));
    CHECK(filter.wants(100000));
  }
}

TEST_CASE("names and numbers select calls") {
  const Filter filter = parsed("open,read,231");
  CHECK(filter.wants(number("open")));
  CHECK(filter.wants(number("read")));
  CHECK(filter.wants(number("exit_group")));
  CHECK_FALSE(filter.wants(number("openat")));
  CHECK_FALSE(filter.wants(100000));
}

TEST_CASE("an exclamation mark turns the selection round") {
  const Filter filter = parsed("!read,write");
  CHECK_FALSE(filter.wants(number("read")));
  CHECK_FALSE(filter.wants(number("write")));
  CHECK(filter.wants(number("open")));
  CHECK(filter.wants(100000));
  CHECK_FALSE(parsed("none").wants(number("read")));
  CHECK(parsed("!none").wants(number("read")));
}

TEST_CASE("classes select what strace's do") {
  const auto selects = [](std::string_view filter, std::string_view name) {
    return parsed(filter).wants(number(name));
  };
  CHECK(selects("file", "openat"));
  CHECK(selects("%file", "getcwd"));
  CHECK_FALSE(selects("%file", "read"));
  CHECK(selects("%desc", "read"));
  CHECK(selects("desc", "mmap"));
  CHECK_FALSE(selects("desc", "rename"));
  CHECK(selects("network", "connect"));
  CHECK(selects("%net", "recvmsg"));
  CHECK_FALSE(selects("%net", "read"));
  CHECK(selects("memory", "brk"));
  CHECK(selects("memory", "mprotect"));
  CHECK(selects("process", "execve"));
  CHECK(selects("process", "exit_group"));
  CHECK(selects("signal", "rt_sigaction"));
  CHECK(selects("signal,file", "stat"));
  CHECK(selects("creds", "setuid"));
  CHECK(selects("clock", "clock_gettime"));
  CHECK_FALSE(selects("!%file", "stat"));
}

TEST_CASE("mistakes are named") {
  CHECK(Filter::parse("reed").error().message() == "--trace: reed: neither a system call nor a class of them");
  CHECK(Filter::parse("%flie").error().message() == "--trace: %flie: no such class of system calls");
  CHECK_FALSE(Filter::parse("read,,write"));
  CHECK_FALSE(Filter::parse("!"));
  CHECK_FALSE(Filter::parse("400"));
  CHECK_FALSE(Filter::parse("read "));
}

}  // namespace kontain::trace
