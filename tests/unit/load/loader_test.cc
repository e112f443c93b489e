#include "km/load/loader.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "base/checked.h"
#include "tests/unit/elf/elf_builder.h"
#include "tests/unit/load/fake_target.h"

using namespace kontain;
using namespace kontain::load;
using test::ElfBuilder;
using test::FakeTarget;
using test::ScriptedRandom;

namespace {

constexpr int kRW = PROT_READ | PROT_WRITE;

UniqueFd file_of(const std::vector<std::byte>& bytes) {
  UniqueFd fd(memfd_create("elf", MFD_CLOEXEC));
  REQUIRE(fd);
  REQUIRE(write(fd.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  fchmod(fd.get(), 0755);
  return fd;
}

tl::expected<UniqueFd, int> no_interpreter(const std::string&) { return tl::make_unexpected(ENOENT); }

// An ET_EXEC or ET_DYN with a mark at the start of its data and behind it.
ElfBuilder marked(ElfBuilder elf) {
  elf.put(0x2f00, "data");
  elf.put(0x2f80, "junk");  // behind the file's bytes once p_filesz is 0x80
  elf.table[1].p_filesz = 0x80;
  return elf;
}

Program prepared(const ElfBuilder& elf, const OpenInterpreter& open_interpreter = no_interpreter) {
  auto program = prepare_program(file_of(elf.build()), "prog", open_interpreter);
  if (!program) FAIL(program.error().error.message());
  return std::move(*program);
}

LoadError refused(UniqueFd fd, const OpenInterpreter& open_interpreter = no_interpreter) {
  auto program = prepare_program(std::move(fd), "prog", open_interpreter);
  REQUIRE_FALSE(program);
  return program.error();
}

StartInput usual_input() {
  StartInput input;
  input.arguments = {"prog", "x"};
  input.environment = {"A=b"};
  input.executable_name = "./prog";
  input.auxiliary.uid = 1000;
  return input;
}

AddressLayout usual_layout() {
  return {.executable_base = 0x5570'0000'0000,
          .mmap_top = 0x6e00'0000'0000,
          .stack_top = 0x6eff'ffff'0000,
          .stack_skip = 100,
          .brk_skip = 0x7000};
}

Loaded<StartState> load_into(FakeTarget& target, const Program& program) {
  ScriptedRandom random({0x1111111111111111, 0x2222222222222222});
  return load_program(program, usual_input(), usual_layout(), random, target);
}

StartState loaded(FakeTarget& target, const Program& program) {
  auto state = load_into(target, program);
  if (!state) FAIL(state.error().error.message());
  return *state;
}

uint64_t auxiliary(const StartState& state, uint64_t type) {
  for (size_t at = 0; at + 16 <= state.auxiliary_vector.size(); at += 16) {
    uint64_t pair[2];
    std::memcpy(pair, state.auxiliary_vector.data() + at, sizeof pair);
    if (pair[0] == type) return pair[1];
  }
  FAIL("no entry " << type);
  return 0;
}

}  // namespace

TEST_CASE("a fixed program is loaded where it was linked") {
  FakeTarget target;
  const StartState state = loaded(target, prepared(marked(ElfBuilder::usual())));
  CHECK(state.entry == 0x401000);
  CHECK(state.program_bias == 0);
  CHECK(state.interpreter_base == 0);
  CHECK(target.protection_at(0x400000) == (PROT_READ | PROT_EXEC));
  CHECK(target.protection_at(0x402000) == kRW);
  CHECK(target.protection_at(0x405fff) == kRW);
  CHECK(target.protection_at(0x406000) == -1);
  CHECK(target.string_at(0x402f00) == "data");
  CHECK(target.string_at(0x402f80).empty());  // the file's junk is cleared
  CHECK(target.brk_start == 0x406000 + 0x7000);
  CHECK(state.brk_start == target.brk_start);
  CHECK(auxiliary(state, AT_PHDR) == 0x400040);
  CHECK(auxiliary(state, AT_PHNUM) == 2);
  CHECK(auxiliary(state, AT_UID) == 1000);
}

TEST_CASE("a static-PIE program is loaded at the layout's base") {
  FakeTarget target;
  const StartState state = loaded(target, prepared(marked(ElfBuilder::movable())));
  const uint64_t base = usual_layout().executable_base;
  CHECK(state.entry == base + 0x1000);
  CHECK(auxiliary(state, AT_ENTRY) == base + 0x1000);
  CHECK(auxiliary(state, AT_PHDR) == base + 0x40);
  CHECK(auxiliary(state, AT_BASE) == 0);
  CHECK(target.string_at(base + 0x2f00) == "data");
  CHECK(target.brk_start == base + 0x6000 + 0x7000);
}

TEST_CASE("a dynamic program starts in its interpreter, found top-down") {
  ElfBuilder elf = marked(ElfBuilder::movable());
  elf.interpreter(std::string_view("/lib/ld.so\0", 11));
  std::string asked;
  const Program program = prepared(elf, [&](const std::string& path) -> tl::expected<UniqueFd, int> {
    asked = path;
    return file_of(marked(ElfBuilder::movable()).build());
  });
  CHECK(asked == "/lib/ld.so");
  FakeTarget target;
  const StartState state = loaded(target, program);
  const uint64_t base = target.mmap_top - 0x6000;
  CHECK(state.interpreter_base == base);
  CHECK(auxiliary(state, AT_BASE) == base);
  CHECK(state.entry == base + 0x1000);
  CHECK(state.program_entry == usual_layout().executable_base + 0x1000);
  CHECK(auxiliary(state, AT_ENTRY) == state.program_entry);
  CHECK(auxiliary(state, AT_PHNUM) == 3);
  CHECK(target.string_at(base + 0x2f00) == "data");
  // The heap belongs to the program, not to the interpreter.
  CHECK(target.brk_start == usual_layout().executable_base + 0x6000 + 0x7000);
}

TEST_CASE("an interpreter that is not linked at its alignment still gets an aligned bias") {
  ElfBuilder elf = ElfBuilder::usual();
  elf.interpreter(std::string_view("/lib/ld.so\0", 11));
  ElfBuilder interpreter = ElfBuilder::movable();
  for (Elf64_Phdr& row : interpreter.table) {
    row.p_vaddr += 0x1000;
    row.p_align = 0x200000;
  }
  const Program program =
      prepared(elf, [&](const std::string&) -> tl::expected<UniqueFd, int> { return file_of(interpreter.build()); });
  FakeTarget target;
  target.mmap_top -= 0x3000;
  const StartState state = loaded(target, program);
  CHECK(state.interpreter_base % 0x200000 == 0);
  CHECK(state.interpreter_base + 0x7000 <= target.mmap_top);
}

TEST_CASE("the stack is written and mapped with room to spare") {
  FakeTarget target;
  const StartState state = loaded(target, prepared(ElfBuilder::usual()));
  CHECK(state.stack_top == usual_layout().stack_top);
  CHECK(state.stack_pointer % 16 == 0);
  CHECK(target.word_at(state.stack_pointer) == 2);
  CHECK(target.string_at(target.word_at(state.stack_pointer + 8)) == "prog");
  CHECK(target.string_at(target.word_at(state.stack_pointer + 32)) == "A=b");
  CHECK(target.string_at(auxiliary(state, AT_EXECFN)) == "./prog");
  CHECK(target.word_at(auxiliary(state, AT_RANDOM)) == 0x1111111111111111);
  CHECK(target.protection_at(state.stack_pointer) == kRW);
  CHECK(target.protection_at(state.stack_pointer - 128 * 1024) == kRW);
  CHECK(target.protection_at(state.stack_top) == -1);
  CHECK(target.string_at(state.argument_start) == "prog");
  CHECK(target.string_at(state.argument_end) == "A=b");
  CHECK(state.environment_end == state.argument_end + 4);
}

TEST_CASE("a program that asks for an executable stack gets one") {
  ElfBuilder elf = ElfBuilder::usual();
  elf.add(PT_GNU_STACK, 0, 0, 0, 0, PF_R | PF_W | PF_X, 16);
  FakeTarget target;
  const StartState state = loaded(target, prepared(elf));
  CHECK(target.protection_at(state.stack_pointer) == (kRW | PROT_EXEC));
}

TEST_CASE("what cannot run ends with 126 and execve's errno") {
  const LoadError text = refused(file_of(std::vector<std::byte>(20, std::byte{'a'})));
  CHECK(text.exit_status == 126);
  CHECK(text.errno_value == ENOEXEC);
  CHECK(text.error.message() == "prog: not a program: it is neither an ELF file nor a script");

  ElfBuilder low;
  low.load(0, 0x1000, 0x1000, 0x1000, PF_R | PF_X);
  CHECK(refused(file_of(low.build())).error.detail == "cannot be placed");

  const LoadError folder = refused(UniqueFd(open("/", O_RDONLY | O_CLOEXEC)));
  CHECK(folder.error.message() == "prog: not a program: it is a directory");
  CHECK(folder.exit_status == 126);
  CHECK(folder.errno_value == EACCES);

  const LoadError device = refused(UniqueFd(open("/dev/null", O_RDONLY | O_CLOEXEC)));
  CHECK(device.error.reason == "it is a character device");
}

TEST_CASE("a file without execute permission is refused") {
  UniqueFd fd = file_of(ElfBuilder::usual().build());
  fchmod(fd.get(), 0644);
  const LoadError error = refused(std::move(fd));
  CHECK(error.error.message() == "prog: may not be executed: Permission denied");
  CHECK(error.exit_status == 126);
  CHECK(error.errno_value == EACCES);
}

TEST_CASE("a missing interpreter is a missing file, a damaged one ELIBBAD") {
  ElfBuilder elf = ElfBuilder::usual();
  elf.interpreter(std::string_view("/lib/ld.so\0", 11));
  const LoadError missing = refused(file_of(elf.build()));
  CHECK(missing.exit_status == 127);
  CHECK(missing.errno_value == ENOENT);
  CHECK(missing.error.message() == "prog: its interpreter /lib/ld.so: No such file or directory");

  const LoadError damaged = refused(file_of(elf.build()), [](const std::string&) -> tl::expected<UniqueFd, int> {
    return file_of(std::vector<std::byte>(100, std::byte{'x'}));
  });
  CHECK(damaged.exit_status == 126);
  CHECK(damaged.errno_value == ELIBBAD);
  CHECK(damaged.error.what == "/lib/ld.so");
}

TEST_CASE("fixed addresses that are taken are refused") {
  FakeTarget target;
  SECTION("by the program") {
    ElfBuilder elf = ElfBuilder::usual();
    elf.interpreter(std::string_view("/lib/ld.so\0", 11));
    const Program program = prepared(
        elf, [](const std::string&) -> tl::expected<UniqueFd, int> { return file_of(ElfBuilder::usual().build()); });
    const auto state = load_into(target, program);
    REQUIRE_FALSE(state);
    CHECK(state.error().errno_value == EEXIST);
    CHECK(state.error().error.what == "/lib/ld.so");
  }
  SECTION("by the stack") {
    ElfBuilder elf = ElfBuilder::usual();
    elf.load(0, 0x6eff'fffe'f000, 0x1000, 0x1000, PF_R);
    const auto state = load_into(target, prepared(elf));
    REQUIRE_FALSE(state);
    CHECK(state.error().errno_value == EEXIST);
    CHECK(state.error().exit_status == 126);
  }
}

TEST_CASE("too many arguments fail before anything is mapped") {
  FakeTarget target;
  ScriptedRandom random({1});
  StartInput input = usual_input();
  input.arguments.push_back(std::string(200'000, 'x'));
  const auto state = load_program(prepared(ElfBuilder::usual()), input, usual_layout(), random, target);
  REQUIRE_FALSE(state);
  CHECK(state.error().errno_value == E2BIG);
  CHECK(state.error().exit_status == 126);
  CHECK(state.error().error.message() == "prog: Argument list too long");
  CHECK(target.calls.empty());
}

TEST_CASE("a failure of the memory is the monitor's") {
  ElfBuilder elf = marked(ElfBuilder::usual());
  elf.interpreter(std::string_view("/lib/ld.so\0", 11));
  const Program program = prepared(
      elf, [](const std::string&) -> tl::expected<UniqueFd, int> { return file_of(ElfBuilder::movable().build()); });
  for (const char* call : {"map_file", "map_anonymous", "map_stack", "find_free", "zero", "write"}) {
    INFO(call);
    FakeTarget target;
    target.fail_call = call;
    const auto state = load_into(target, program);
    REQUIRE_FALSE(state);
    CHECK(state.error().exit_status == 125);
    CHECK(target.calls.back() == call);
  }
}

TEST_CASE("a note for a later km is refused") {
  ElfBuilder elf = ElfBuilder::usual();
  const uint32_t note[] = {8, 16, 0x4b4d0001, 0x746e6f4b, 0x006e6961, 1u | 16u << 16, 0xffff0000, 0, 0};
  const auto* first = reinterpret_cast<const std::byte*>(note);
  elf.put(0x2000, std::vector<std::byte>(first, first + sizeof note));
  elf.add(PT_NOTE, 0x2000, 0x402000, sizeof note, sizeof note, PF_R, 4);
  const LoadError error = refused(file_of(elf.build()));
  CHECK(error.error.detail == "needs a newer km");
  CHECK(error.exit_status == 126);
}

TEST_CASE("real programs load") {
  for (const char* path : {"/bin/ls", "/bin/busybox", "/proc/self/exe"}) {
    UniqueFd fd(open(path, O_RDONLY | O_CLOEXEC));
    if (!fd) {
      WARN("not here: " << path);
      continue;
    }
    INFO(path);
    auto program = prepare_program(std::move(fd), path, [](const std::string& name) -> tl::expected<UniqueFd, int> {
      return UniqueFd(open(name.c_str(), O_RDONLY | O_CLOEXEC));
    });
    REQUIRE(program);
    FakeTarget target;
    const StartState state = loaded(target, *program);
    CHECK((target.protection_at(state.entry) & PROT_EXEC) != 0);
    // In these files the table follows the ELF header: AT_PHDR points right behind a mapped "\177ELF" header.
    CHECK(static_cast<uint32_t>(target.word_at(auxiliary(state, AT_PHDR) - 64)) == 0x464c457f);
  }
}
