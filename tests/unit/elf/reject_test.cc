#include "km/elf/reject.h"

#include <catch2/catch.hpp>
#include <cerrno>

using namespace kontain::elf;

TEST_CASE("a rejection reads as file: what: reason") {
  const Reject reject{RejectKind::WrongMachine, "its ELF machine is AArch64", 0};
  CHECK(reject.to_error("hello.arm").message() == "hello.arm: not an x86-64 program: its ELF machine is AArch64");
}

TEST_CASE("every kind has words and an errno") {
  for (int kind = 0; kind <= static_cast<int>(RejectKind::ReadFailed); ++kind) {
    const Reject reject{static_cast<RejectKind>(kind), "", 0};
    CHECK_FALSE(summary(reject.kind).empty());
    CHECK(exec_errno(reject) > 0);
    CHECK(interpreter_errno(reject) > 0);
  }
}

TEST_CASE("errnos are those of execve") {
  CHECK(exec_errno({RejectKind::NotElf, "", 0}) == ENOEXEC);
  CHECK(exec_errno({RejectKind::NotRegular, "", 0}) == EACCES);
  CHECK(exec_errno({RejectKind::ReadFailed, "", ESTALE}) == ESTALE);
  CHECK(interpreter_errno({RejectKind::NotElf, "", 0}) == ELIBBAD);
  CHECK(interpreter_errno({RejectKind::Empty, "", 0}) == EIO);
  CHECK(interpreter_errno({RejectKind::NoPermission, "", 0}) == EACCES);
}
