#include "km/seccomp/filter.h"

#include <linux/audit.h>
#include <sys/syscall.h>

#include <array>
#include <cstring>
#include <new>

namespace kontain::seccomp {
namespace {

constexpr uint32_t kDataSize = sizeof(seccomp_data);

bool is_jump(uint16_t code) { return BPF_CLASS(code) == BPF_JMP; }

// kernel/seccomp.c: seccomp_check_filter.
bool is_allowed(const sock_filter& instruction) {
  switch (instruction.code) {
    case BPF_LD | BPF_W | BPF_ABS: return instruction.k < kDataSize && instruction.k % 4 == 0;
    case BPF_LD | BPF_W | BPF_LEN:
    case BPF_LDX | BPF_W | BPF_LEN:
    case BPF_LD | BPF_IMM:
    case BPF_LDX | BPF_IMM:
    case BPF_MISC | BPF_TAX:
    case BPF_MISC | BPF_TXA:
    case BPF_RET | BPF_K:
    case BPF_RET | BPF_A:
    case BPF_ALU | BPF_ADD | BPF_K:
    case BPF_ALU | BPF_ADD | BPF_X:
    case BPF_ALU | BPF_SUB | BPF_K:
    case BPF_ALU | BPF_SUB | BPF_X:
    case BPF_ALU | BPF_MUL | BPF_K:
    case BPF_ALU | BPF_MUL | BPF_X:
    case BPF_ALU | BPF_DIV | BPF_X:
    case BPF_ALU | BPF_AND | BPF_K:
    case BPF_ALU | BPF_AND | BPF_X:
    case BPF_ALU | BPF_OR | BPF_K:
    case BPF_ALU | BPF_OR | BPF_X:
    case BPF_ALU | BPF_XOR | BPF_K:
    case BPF_ALU | BPF_XOR | BPF_X:
    case BPF_ALU | BPF_LSH | BPF_X:
    case BPF_ALU | BPF_RSH | BPF_X:
    case BPF_ALU | BPF_NEG:
    case BPF_JMP | BPF_JA:
    case BPF_JMP | BPF_JEQ | BPF_K:
    case BPF_JMP | BPF_JEQ | BPF_X:
    case BPF_JMP | BPF_JGE | BPF_K:
    case BPF_JMP | BPF_JGE | BPF_X:
    case BPF_JMP | BPF_JGT | BPF_K:
    case BPF_JMP | BPF_JGT | BPF_X:
    case BPF_JMP | BPF_JSET | BPF_K:
    case BPF_JMP | BPF_JSET | BPF_X: return true;
    case BPF_ALU | BPF_DIV | BPF_K: return instruction.k != 0;
    case BPF_ALU | BPF_LSH | BPF_K:
    case BPF_ALU | BPF_RSH | BPF_K: return instruction.k < 32;
    case BPF_LD | BPF_MEM:
    case BPF_LDX | BPF_MEM:
    case BPF_ST:
    case BPF_STX: return instruction.k < BPF_MEMWORDS;
    default: return false;
  }
}

// Jumps are forward and land inside; so every path ends, at the last instruction at the latest.
bool lands_inside(const sock_filter& instruction, size_t at, size_t size) {
  const size_t room = size - at - 1;  // instructions behind this one
  if (!is_jump(instruction.code)) return true;
  if (BPF_OP(instruction.code) == BPF_JA) return instruction.k < room;
  return instruction.jt < room && instruction.jf < room;
}

// The machine of one run.
struct Machine {
  uint32_t a = 0, x = 0;
  std::array<uint32_t, BPF_MEMWORDS> memory{};
};

void compute(Machine& machine, const sock_filter& instruction) {
  const uint32_t operand = BPF_SRC(instruction.code) == BPF_X ? machine.x : instruction.k;
  uint32_t& a = machine.a;
  switch (BPF_OP(instruction.code)) {
    case BPF_ADD: a += operand; break;
    case BPF_SUB: a -= operand; break;
    case BPF_MUL: a *= operand; break;
    case BPF_DIV: a = operand == 0 ? 0 : a / operand; break;
    case BPF_AND: a &= operand; break;
    case BPF_OR: a |= operand; break;
    case BPF_XOR: a ^= operand; break;
    case BPF_LSH: a <<= operand & 31; break;
    case BPF_RSH: a >>= operand & 31; break;
    case BPF_NEG: a = -a; break;
    default: break;
  }
}

// How many instructions to skip.
size_t jump(const Machine& machine, const sock_filter& instruction) {
  const uint32_t operand = BPF_SRC(instruction.code) == BPF_X ? machine.x : instruction.k;
  bool taken = false;
  switch (BPF_OP(instruction.code)) {
    case BPF_JA: return instruction.k;
    case BPF_JEQ: taken = machine.a == operand; break;
    case BPF_JGE: taken = machine.a >= operand; break;
    case BPF_JGT: taken = machine.a > operand; break;
    case BPF_JSET: taken = (machine.a & operand) != 0; break;
    default: break;
  }
  return taken ? instruction.jt : instruction.jf;
}

uint32_t load(const Machine& machine, const sock_filter& instruction, const seccomp_data& call) {
  switch (BPF_MODE(instruction.code)) {
    case BPF_ABS: {
      uint32_t word = 0;
      std::memcpy(&word, reinterpret_cast<const char*>(&call) + instruction.k, sizeof word);
      return word;
    }
    case BPF_MEM: return machine.memory[instruction.k];
    case BPF_LEN: return kDataSize;
    default: return instruction.k;
  }
}

// The kernel compares actions as signed numbers: KILL_PROCESS is the lowest.
int32_t severity(uint32_t answer) { return static_cast<int32_t>(answer & SECCOMP_RET_ACTION_FULL); }

}  // namespace

std::optional<Filter> Filter::create(std::span<const sock_filter> program) {
  if (program.empty() || program.size() > BPF_MAXINSNS) return std::nullopt;
  for (size_t i = 0; i < program.size(); ++i) {
    if (!is_allowed(program[i]) || !lands_inside(program[i], i, program.size())) return std::nullopt;
  }
  if (BPF_CLASS(program.back().code) != BPF_RET) return std::nullopt;
  return Filter({program.begin(), program.end()});
}

uint32_t Filter::run(const seccomp_data& call) const {
  Machine machine;
  for (size_t at = 0;; ++at) {
    const sock_filter& instruction = program_[at];
    switch (BPF_CLASS(instruction.code)) {
      case BPF_LD: machine.a = load(machine, instruction, call); break;
      case BPF_LDX: machine.x = load(machine, instruction, call); break;
      case BPF_ST: machine.memory[instruction.k] = machine.a; break;
      case BPF_STX: machine.memory[instruction.k] = machine.x; break;
      case BPF_ALU: compute(machine, instruction); break;
      case BPF_JMP: at += jump(machine, instruction); break;
      case BPF_RET: return BPF_RVAL(instruction.code) == BPF_A ? machine.a : instruction.k;
      default:
        (BPF_MISCOP(instruction.code) == BPF_TAX ? machine.x : machine.a) =
            BPF_MISCOP(instruction.code) == BPF_TAX ? machine.a : machine.x;
    }
  }
}

const Chain* extend(const Chain* previous, Filter filter) {
  constexpr size_t kFilterCost = 4;
  const size_t cost = filter.program().size() + kFilterCost + (previous ? previous->cost : 0);
  if (cost > kHighestCost) return nullptr;
  return new (std::nothrow) Chain{std::move(filter), previous, cost};
}

uint32_t judge(const Chain& chain, const seccomp_data& call) {
  uint32_t answer = SECCOMP_RET_ALLOW;
  for (const Chain* link = &chain; link; link = link->previous) {
    const uint32_t next = link->filter.run(call);
    if (severity(next) < severity(answer)) answer = next;
  }
  return answer;
}

bool descends_from(const Chain* chain, const Chain* older) {
  for (; chain != older; chain = chain->previous) {
    if (!chain) return false;
  }
  return true;
}

std::vector<std::string> encode(const Chain* chain) {
  std::vector<std::string> programs;
  for (; chain; chain = chain->previous) {
    const auto program = chain->filter.program();
    programs.emplace(programs.begin(), reinterpret_cast<const char*>(program.data()), program.size_bytes());
  }
  return programs;
}

std::optional<const Chain*> decode(const std::vector<std::string>& programs) {
  const Chain* chain = nullptr;
  for (const std::string& bytes : programs) {
    if (bytes.size() % sizeof(sock_filter) != 0) return std::nullopt;
    std::vector<sock_filter> program(bytes.size() / sizeof(sock_filter));
    std::memcpy(program.data(), bytes.data(), bytes.size());
    auto filter = Filter::create(program);
    if (!filter) return std::nullopt;
    chain = extend(chain, std::move(*filter));
    if (!chain) return std::nullopt;
  }
  return chain;
}

Filter strict_filter() {
  constexpr auto kAllowed = std::to_array<uint32_t>({SYS_read, SYS_write, SYS_exit, SYS_rt_sigreturn});
  std::vector<sock_filter> program = {{BPF_LD | BPF_W | BPF_ABS, 0, 0, 0}};
  for (size_t i = 0; i < kAllowed.size(); ++i) {
    program.push_back({BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint8_t>(kAllowed.size() - i), 0, kAllowed[i]});
  }
  program.push_back({BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_THREAD});
  program.push_back({BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW});
  return *Filter::create(program);
}

}  // namespace kontain::seccomp
