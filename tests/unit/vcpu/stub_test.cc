// The system call stub that posts calls, run natively: it is user-mode code. Its doorbell is a page of ours here, so
// ringing it is a store without effect. Single-stepped, to see what a kick finds on every instruction.
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <x86intrin.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstring>
#include <functional>
#include <optional>
#include <vector>

#include "km/vcpu/layout.h"
#include "km/vcpu/stub_position.h"

namespace kontain::vcpu {
namespace {

constexpr uint64_t kTrapFlag = 1 << 8;
constexpr uint64_t kArithmeticFlags = 0x8d5;  // OF SF ZF AF PF CF

struct Registers {
  uint64_t rax = 0, rdi = 0, rsi = 0, rdx = 0, r10 = 0, r8 = 0, r9 = 0;
  uint64_t flags = 0x202;
  uint64_t rcx = 0, r11 = 0;
};

extern "C" void kontain_stub_test_enter(Registers* registers, const void* stub);

bool has_bmi2() { return __builtin_cpu_supports("bmi2"); }

// What the handler of a step needs; one test runs at a time.
struct Step {
  std::function<void(uint64_t offset, const kvm_regs& found)> look;
  uint64_t stub = 0;
  bool was_inside = false;
  unsigned count = 0;
};
Step g_step;

kvm_regs registers_of(const ucontext_t& context) {
  const auto& from = context.uc_mcontext.gregs;
  const auto value = [&from](int index) { return static_cast<uint64_t>(from[index]); };
  kvm_regs regs = {};
  regs.rax = value(REG_RAX);
  regs.rcx = value(REG_RCX);
  regs.rdx = value(REG_RDX);
  regs.rdi = value(REG_RDI);
  regs.rsi = value(REG_RSI);
  regs.r8 = value(REG_R8);
  regs.r9 = value(REG_R9);
  regs.r10 = value(REG_R10);
  regs.r11 = value(REG_R11);
  regs.rsp = value(REG_RSP);
  regs.rip = value(REG_RIP);
  regs.rflags = value(REG_EFL);
  return regs;
}

void on_step(int, siginfo_t*, void* opaque) {
  auto& context = *static_cast<ucontext_t*>(opaque);
  const kvm_regs regs = registers_of(context);
  const uint64_t offset = regs.rip - g_step.stub;
  const bool is_inside = offset < stub_code().size();
  if (is_inside) {
    g_step.was_inside = true;
    ++g_step.count;
    g_step.look(offset, regs);
  } else if (g_step.was_inside) {
    context.uc_mcontext.gregs[REG_EFL] &= ~static_cast<greg_t>(kTrapFlag);
  }
}

class StubPages {
 public:
  StubPages() {
    constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS;
    constexpr int kAll = PROT_READ | PROT_WRITE | PROT_EXEC;
    pages_ = static_cast<std::byte*>(mmap(nullptr, 3 * 4096, kAll, kFlags, -1, 0));
    doorbell_ =
        mmap(reinterpret_cast<void*>(kDoorbell), 4096, PROT_READ | PROT_WRITE, kFlags | MAP_FIXED_NOREPLACE, -1, 0);
    REQUIRE(pages_ != MAP_FAILED);
    REQUIRE(doorbell_ == reinterpret_cast<void*>(kDoorbell));
    std::memcpy(pages_, stub_code().data(), stub_code().size());
    table().fresh_shift = 40;
    table().spin_shift = 31;
    *static_cast<uint32_t*>(doorbell_) = kNotRung;
  }
  ~StubPages() {
    munmap(pages_, 3 * 4096);
    munmap(doorbell_, 4096);
  }
  StubPages(const StubPages&) = delete;
  StubPages& operator=(const StubPages&) = delete;

  CallSlot& slot() { return *reinterpret_cast<CallSlot*>(pages_ + KM_STUB_SLOT); }
  CallTable& table() { return *reinterpret_cast<CallTable*>(pages_ + KM_STUB_TABLE); }
  const void* stub() const { return pages_; }
  bool has_rung() const { return *static_cast<const volatile uint32_t*>(doorbell_) != kNotRung; }
  uint32_t rung_number() const { return *static_cast<const volatile uint32_t*>(doorbell_); }

 private:
  static constexpr uint32_t kNotRung = 0xffff'ffff;
  std::byte* pages_;
  void* doorbell_;
};

enum class Server { Asleep, Answers, Refuses, IsStuck };

struct Way {
  const char* name;
  uint64_t number;
  uint8_t call_class;
  uint64_t first_argument;
  uint8_t kind;  // of descriptor 5
  Server server;
  bool expects_doorbell;
  int64_t result;  // without the doorbell
};

constexpr uint64_t kNumber = 17;
constexpr int64_t kResult = -11;
constexpr Way kWays[] = {
    {"a plain call", kNumber, kPlainClass, 5, 0, Server::Answers, true, 0},
    {"no such call", 512, kPlainClass, 5, 0, Server::Answers, true, 0},
    {"a negative number", 0xffff'ffff'ffff'fff0, kPlainClass, 5, 0, Server::Answers, true, 0},
    {"a number that is cut to 32 bits", 0x7'0000'0011, kExitlessClass, 5, 0, Server::Answers, false, kResult},
    {"a posted call", kNumber, kExitlessClass, 5, 0, Server::Answers, false, kResult},
    {"a posted call that is refused", kNumber, kExitlessClass, 5, 0, Server::Refuses, true, 0},
    {"a posted call that nobody takes", kNumber, kExitlessClass, 5, 0, Server::IsStuck, true, 0},
    {"a server that sleeps", kNumber, kExitlessClass, 5, 0, Server::Asleep, true, 0},
    {"a quick descriptor", kNumber, kByKindClass, 5, 1, Server::Answers, false, kResult},
    {"an unknown descriptor", kNumber, kByKindClass, 5, 0, Server::Answers, true, 0},
    {"a slow descriptor", kNumber, kByKindClass, 5, 2, Server::Answers, true, 0},
    {"a descriptor too high", kNumber, kByKindClass, 1024, 1, Server::Answers, true, 0},
    {"a negative descriptor", kNumber, kByKindClass, 0xffff'ffff, 1, Server::Answers, true, 0},
    {"a descriptor that is cut to 32 bits", kNumber, kByKindClass, 0x3'0000'0005, 1, Server::Answers, false, kResult},
    {"a local answer", kNumber, kLocalClass + 2, 5, 0, Server::Asleep, false, 0x1234'5678'fedc'ba98},
};

void prepare(StubPages& pages, const Way& way) {
  pages.table().classes[kNumber] = way.call_class;
  pages.table().kinds[5] = way.kind;
  pages.slot().local[2] = 0x1234'5678'fedc'ba98;
  pages.slot().heartbeat = way.server == Server::Asleep ? 0 : __rdtsc();
  if (way.server == Server::Asleep) pages.table().fresh_shift = 14;
  if (way.server == Server::IsStuck) pages.table().spin_shift = 4;
}

Registers before_call(const Way& way, uint64_t flags) {
  Registers registers;
  registers.rax = way.number;
  registers.rdi = way.first_argument;
  registers.rsi = 0x1111'2222'3333'4444;
  registers.rdx = 0x5555'6666'7777'8888;
  registers.r10 = 0xaaaa'bbbb'cccc'dddd;
  registers.r8 = 0x1234'5678'9abc'def0;
  registers.r9 = 0x0fed'cba9'8765'4321;
  registers.flags = flags;
  return registers;
}

// Plays the server: it acts as soon as something is posted.
void serve(CallSlot& slot, Server server) {
  if (slot.state != KM_CALL_POSTED) return;
  if (server == Server::Answers) slot.result = kResult;
  if (server == Server::Answers) slot.state = KM_CALL_DONE;
  if (server == Server::Refuses) slot.state = KM_CALL_REFUSED;
}

// What a monitor makes of the registers of a kick at `offset` (Cpu::Private::on_interrupted).
void check_kick(StubPages& pages, const Registers& before, uint64_t offset, kvm_regs regs, const Way& way) {
  const StubPart part = stub_part(offset);
  const bool is_answered = part == StubPart::Answered || (part == StubPart::Rung && !way.expects_doorbell);
  const uint64_t flags = before.flags;
  REQUIRE(((regs.rflags ^ flags) & kArithmeticFlags) == 0);
  restore_registers(part, pages.slot(), regs);
  if (is_answered) {
    REQUIRE(static_cast<int64_t>(regs.rax) == way.result);
  } else {
    REQUIRE(regs.rax == before.rax);
  }
  REQUIRE(regs.rdi == before.rdi);
  REQUIRE(regs.rsi == before.rsi);
  REQUIRE(regs.rdx == before.rdx);
  REQUIRE(regs.r10 == before.r10);
  REQUIRE(regs.r8 == before.r8);
  REQUIRE(regs.r9 == before.r9);
  REQUIRE(regs.r11 == flags);
  REQUIRE(std::memcmp(reinterpret_cast<const void*>(regs.rcx - 2), "\xff\xe5", 2) == 0);  // behind `jmp *%rbp`
}

void check_end(StubPages& pages, const Registers& before, const Registers& after, const Way& way) {
  CHECK(pages.has_rung() == way.expects_doorbell);
  if (way.expects_doorbell) {
    CHECK(pages.rung_number() == static_cast<uint32_t>(way.number));
    CHECK(after.rax == before.rax);
  } else {
    CHECK(static_cast<int64_t>(after.rax) == way.result);
  }
  CHECK(after.rdi == before.rdi);
  CHECK(after.rsi == before.rsi);
  CHECK(after.rdx == before.rdx);
  CHECK(after.r10 == before.r10);
  CHECK(after.r8 == before.r8);
  CHECK(after.r9 == before.r9);
  CHECK(after.r11 == before.flags);
  CHECK(((after.flags ^ before.flags) & kArithmeticFlags) == 0);
}

// Of a call that was posted, the state is as the monitor finds it at an exit.
void check_posted(StubPages& pages, const Registers& before, const Way& way) {
  const bool was_posted = way.server == Server::Answers || way.server == Server::Refuses;
  if (!was_posted || pages.slot().state == KM_CALL_IDLE) return;
  CHECK(pages.slot().number == before.rax);
  CHECK(pages.slot().arguments ==
        std::array<uint64_t, 6>{before.rdi, before.rsi, before.rdx, before.r10, before.r8, before.r9});
}

// `entry`: the offset of the instruction it begins with.
void run_stepped(StubPages& pages, const Way& way, uint64_t flags, uint64_t entry) {
  const Registers before = before_call(way, flags | kTrapFlag);
  g_step = {};
  g_step.stub = reinterpret_cast<uint64_t>(pages.stub());
  std::optional<uint64_t> stack;
  g_step.look = [&](uint64_t offset, const kvm_regs& found) {
    check_kick(pages, before, offset, found, way);
    kvm_regs restored = found;
    restore_registers(stub_part(offset), pages.slot(), restored);
    if (!stack) stack = restored.rsp;
    REQUIRE(restored.rsp == *stack);
    check_posted(pages, before, way);
    serve(pages.slot(), way.server);
  };
  Registers after = before;
  kontain_stub_test_enter(&after, static_cast<const std::byte*>(pages.stub()) + entry);
  CHECK(g_step.count > 8);
  check_end(pages, before, after, way);
}

TEST_CASE("a kick on any instruction of the stub finds the payload's registers") {
  if (!has_bmi2()) {
    WARN("skipped: this processor has no BMI2");
    return;
  }
  struct sigaction action = {};
  struct sigaction old = {};
  action.sa_sigaction = on_step;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  REQUIRE(sigaction(SIGTRAP, &action, &old) == 0);
  // The stub may have put the stack pointer elsewhere.
  std::vector<std::byte> own_stack(256 << 10);
  const stack_t stack = {own_stack.data(), 0, own_stack.size()};
  stack_t old_stack = {};
  REQUIRE(sigaltstack(&stack, &old_stack) == 0);
  for (const Way& way : kWays) {
    for (const uint64_t flags : {uint64_t{0x202}, 0x202 | kArithmeticFlags}) {
      for (const uint64_t entry : {uint64_t{0}, stub_replaced_offset()}) {
        INFO(way.name << " by " << entry);
        StubPages pages;
        prepare(pages, way);
        run_stepped(pages, way, flags, entry);
      }
    }
  }
  sigaltstack(&old_stack, nullptr);
  sigaction(SIGTRAP, &old, nullptr);
}

TEST_CASE("the parts of the stub lie behind one another") {
  const uint64_t size = stub_code().size();
  CHECK(size <= kStubProbe);
  CHECK(stub_part(0) == StubPart::Intact);
  CHECK(stub_part(size - 1) == StubPart::Intact);
  CHECK(stub_part(stub_replaced_offset()) == StubPart::Intact);
  CHECK(stub_part(stub_replaced_offset() - 1) == StubPart::Rung);
  CHECK(stub_part(stub_rung_offset()) == StubPart::Rung);
  CHECK(stub_part(stub_rung_offset() - 9) == StubPart::Intact);
  CHECK(stub_part(stub_rung_offset() - 10) == StubPart::Saved);
}

}  // namespace
}  // namespace kontain::vcpu
