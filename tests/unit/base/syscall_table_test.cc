#include <bit>
#include <catch2/catch.hpp>
#include <cerrno>
#include <set>

#include "base/abi/syscalls.h"
#include "tests/unit/base/linux_numbers.h"

namespace kontain::abi {

TEST_CASE("every call of the kernel headers has a row with its name") {
  REQUIRE(test::linux_calls().size() > 350);
  for (const test::LinuxCall& call : test::linux_calls()) {
    INFO(call.number << " " << call.name);
    const SyscallRow* row = find_syscall(call.number);
    REQUIRE(row != nullptr);
    CHECK(row->number == call.number);
    CHECK(row->name == call.name);
    CHECK(find_syscall(call.name) == row);
  }
}

TEST_CASE("rows are ordered and unique") {
  std::set<std::string_view> names;
  int previous = -1;
  for (const SyscallRow& row : syscall_table()) {
    INFO(row.number << " " << row.name);
    CHECK(row.number > previous);
    CHECK(row.number < kSyscallLimit);
    CHECK(names.insert(row.name).second);
    previous = row.number;
  }
}

TEST_CASE("calls newer than the headers are known by number") {
  CHECK(find_syscall("statmount")->number == 457);
  CHECK(find_syscall("mseal")->number == 462);
  CHECK(find_syscall("removexattrat")->number == 466);
  CHECK(find_syscall("file_setattr")->number == 469);
  CHECK(find_syscall(uint64_t{336})->name == "uprobe");
}

TEST_CASE("a refusal has an errno and a reason, a partial row its limit") {
  for (const SyscallRow& row : syscall_table()) {
    INFO(row.number << " " << row.name);
    if (row.support == Support::Refused) {
      CHECK(row.refusal_errno > 0);
      CHECK(row.refusal_errno < 4096);
      CHECK(row.classes == 0);
    } else {
      CHECK(row.refusal_errno == 0);
    }
    CHECK(row.note.empty() == (row.support == Support::Full));
    CHECK(row.note.find('|') == std::string_view::npos);  // it stands in a Markdown table
  }
}

TEST_CASE("the classes of a row do not contradict each other") {
  for (const SyscallRow& row : syscall_table()) {
    INFO(row.number << " " << row.name);
    const unsigned postable = row.classes & (kExitless | kExitlessFd | kExitlessTry);
    if (row.classes & kThreadBound) CHECK(postable == 0);
    CHECK(std::popcount(postable) <= 1);
    if (row.classes & kExitlessTry) CHECK(row.classes & kMayBlock);
    if (row.classes & kExitlessFd) CHECK(row.args[0] == ArgKind::Fd);
  }
}

TEST_CASE("arguments stand without gaps") {
  for (const SyscallRow& row : syscall_table()) {
    INFO(row.number << " " << row.name);
    for (size_t i = row.arg_count(); i < row.args.size(); ++i) CHECK(row.args[i] == ArgKind::None);
  }
  CHECK(find_syscall("getpid")->arg_count() == 0);
  CHECK(find_syscall("mmap")->arg_count() == 6);
  CHECK(find_syscall("read")->args[1] == ArgKind::OutBytes);
}

TEST_CASE("numbers and names that Linux does not have are not found") {
  CHECK(find_syscall(uint64_t{337}) == nullptr);
  CHECK(find_syscall(uint64_t{423}) == nullptr);
  CHECK(find_syscall(kSyscallLimit - 1) == nullptr);
  CHECK(find_syscall(kSyscallLimit) == nullptr);
  CHECK(find_syscall(~uint64_t{0}) == nullptr);
  CHECK(find_syscall("") == nullptr);
  CHECK(find_syscall("reads") == nullptr);
}

TEST_CASE("what must never be possible is refused") {
  for (const char* name : {"ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "userfaultfd", "io_uring_setup",
                           "bpf", "memfd_secret", "perf_event_open", "kexec_load", "init_module", "map_shadow_stack",
                           "remap_file_pages", "pidfd_getfd", "iopl"}) {
    INFO(name);
    CHECK(find_syscall(name)->support == Support::Refused);
  }
}

}  // namespace kontain::abi
