// The proof of the whole loader without a VM: a child process carries a plan out with real mmap(2) calls and jumps to
// the entry point. The program that runs there finds what execve(2) would have given it.
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <cstring>

#include "km/load/loader.h"
#include "tests/unit/load/fake_target.h"

using namespace kontain;
using namespace kontain::load;

namespace {

constexpr uint64_t kMmapTop = 0x6d00'0000'0000;

// Maps into this process. The test program and its libraries lie outside what the test's layout uses.
class NativeTarget final : public MapTarget {
 public:
  mem::GuestResult<void> map_file(const UniqueFd& fd, uint64_t offset, uint64_t address, uint64_t length,
                                  int protection) override {
    return map(address, length, protection, MAP_PRIVATE, fd.get(), offset);
  }
  mem::GuestResult<void> map_anonymous(uint64_t address, uint64_t length, int protection) override {
    return map(address, length, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  }
  mem::GuestResult<void> map_stack(uint64_t top, uint64_t length, int protection) override {
    return map(top - length, length, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  }
  uint64_t find_free(uint64_t length, uint64_t alignment) override {
    return align_down(kMmapTop - page_up(length), alignment);
  }
  bool zero(uint64_t address, uint64_t length) override {
    std::memset(reinterpret_cast<void*>(address), 0, length);
    return true;
  }
  bool write(uint64_t address, std::span<const std::byte> bytes) override {
    std::memcpy(reinterpret_cast<void*>(address), bytes.data(), bytes.size());
    return true;
  }
  void reserve_brk(uint64_t) override {}

 private:
  static mem::GuestResult<void> map(uint64_t address, uint64_t length, int protection, int flags, int fd,
                                    uint64_t offset) {
    // SAFETY: MAP_FIXED_NOREPLACE: nothing of this process can be overwritten; no two steps of these programs share
    // a page.
    void* result = mmap(reinterpret_cast<void*>(address), length, protection, flags | MAP_FIXED_NOREPLACE, fd,
                        static_cast<off_t>(offset));
    if (result == MAP_FAILED) return tl::make_unexpected(mem::Errno{errno});
    return {};
  }
};

[[noreturn]] void jump(const StartState& state) {
  // SAFETY: never returns; the new program owns the process from here on. RDX must be 0 (no function for atexit).
  asm volatile(
      "mov %0, %%rsp\n\t"
      "push %1\n\t"
      "xor %%eax, %%eax\n\txor %%ebx, %%ebx\n\txor %%ecx, %%ecx\n\txor %%edx, %%edx\n\t"
      "xor %%esi, %%esi\n\txor %%edi, %%edi\n\txor %%ebp, %%ebp\n\t"
      "ret"
      :
      : "r"(state.stack_pointer), "r"(state.entry)
      : "memory");
  __builtin_unreachable();
}

[[noreturn]] void start(const std::vector<std::string>& arguments) {
  auto program = prepare_program(UniqueFd(open(arguments[0].c_str(), O_RDONLY | O_CLOEXEC)), arguments[0],
                                 [](const std::string& path) -> tl::expected<UniqueFd, int> {
                                   return UniqueFd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
                                 });
  if (!program) _exit(101);
  StartInput input;
  input.arguments = arguments;
  input.environment = {"GREETING=hello", "PATH=/bin"};
  input.executable_name = arguments[0];
  input.auxiliary.vdso = getauxval(AT_SYSINFO_EHDR);
  input.auxiliary.hwcap = getauxval(AT_HWCAP);
  input.auxiliary.hwcap2 = getauxval(AT_HWCAP2);
  input.auxiliary.minimum_signal_stack = 4096;
  const AddressLayout layout{.executable_base = 0x6000'0000'0000,
                             .mmap_top = kMmapTop,
                             .stack_top = 0x6e00'0000'0000,
                             .stack_skip = 1234,
                             .brk_skip = 0};
  SystemRandom random;
  NativeTarget target;
  const auto state = load_program(*program, input, layout, random, target);
  if (!state) _exit(102);
  jump(*state);
}

struct Outcome {
  int exit_code;
  std::string out;
};

Outcome run(const std::vector<std::string>& arguments) {
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    alarm(20);
    dup2(ends[1], STDOUT_FILENO);
    start(arguments);
  }
  close(ends[1]);
  Outcome outcome{-1, ""};
  char buffer[4096];
  for (ssize_t got; (got = read(ends[0], buffer, sizeof buffer)) > 0;)
    outcome.out.append(buffer, static_cast<size_t>(got));
  close(ends[0]);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  INFO("signal " << (WIFSIGNALED(status) ? WTERMSIG(status) : 0));
  CHECK(WIFEXITED(status));
  outcome.exit_code = WEXITSTATUS(status);
  return outcome;
}

bool present(const char* path) {
  if (access(path, X_OK) == 0) return true;
  WARN("not here: " << path);
  return false;
}

}  // namespace

TEST_CASE("a loaded fixed static program runs") {
  if (!present("/bin/busybox")) return;
  const Outcome outcome = run({"/bin/busybox", "sh", "-c", "echo $GREETING $0 $1; exit 7", "zero", "one"});
  CHECK(outcome.out == "hello zero one\n");
  CHECK(outcome.exit_code == 7);
}

TEST_CASE("a loaded dynamic program runs") {
  CHECK(run({"/bin/sh", "-c", "echo $GREETING; exit 3"}).out == "hello\n");
  CHECK(run({"/bin/ls", "-d", "/", "/bin/."}).out == "/\n/bin/.\n");
}

TEST_CASE("the dynamic linker runs as a program of its own") {
  const Outcome outcome = run({"/lib64/ld-linux-x86-64.so.2", "--list", "/bin/true"});
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.out.find("libc.so.6") != std::string::npos);
}
