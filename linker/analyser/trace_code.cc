#include "linker/analyser/trace_code.h"

#include <Zydis/Zydis.h>

#include <algorithm>
#include <deque>

namespace kontain::analyser {
namespace {

constexpr size_t kRax = 0, kRcx = 1, kRdx = 2, kRsp = 4, kRbp = 5, kRsi = 6, kRdi = 7;
// A function of more instructions is data, or made to take long.
constexpr size_t kMaximumInstructions = 50'000;
constexpr size_t kVisitsPerInstruction = 64;

struct Instruction {
  ZydisDecodedInstruction decoded;
  std::vector<ZydisDecodedOperand> operands;  // explicit ones
  uint64_t address = 0;

  uint64_t next() const { return address + decoded.length; }
  bool is(ZydisMnemonic mnemonic) const { return decoded.mnemonic == mnemonic; }
};

std::optional<size_t> register_index(ZydisRegister reg) {
  const ZydisRegister whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg);
  if (whole < ZYDIS_REGISTER_RAX || whole > ZYDIS_REGISTER_R15) return std::nullopt;
  return static_cast<size_t>(whole - ZYDIS_REGISTER_RAX);
}

bool is_high_byte(ZydisRegister reg) { return reg >= ZYDIS_REGISTER_AH && reg <= ZYDIS_REGISTER_BH; }

// The target of a direct branch, or of one through a word at a fixed address (a linkage table's).
std::optional<uint64_t> branch_target(const Instruction& instruction) {
  if (instruction.operands.empty()) return std::nullopt;
  const ZydisDecodedOperand& operand = instruction.operands[0];
  if (operand.type == ZYDIS_OPERAND_TYPE_IMMEDIATE && operand.imm.is_relative) {
    return instruction.next() + static_cast<uint64_t>(operand.imm.value.s);
  }
  if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY && operand.mem.base == ZYDIS_REGISTER_RIP) {
    return instruction.next() + static_cast<uint64_t>(operand.mem.disp.value);
  }
  return std::nullopt;
}

// The offset from the stack pointer at entry that a memory operand names, if it names the own frame.
std::optional<int64_t> frame_offset(const State& state, const ZydisDecodedOperand& operand) {
  if (operand.mem.index != ZYDIS_REGISTER_NONE || operand.mem.segment == ZYDIS_REGISTER_FS) return std::nullopt;
  const auto base = register_index(operand.mem.base);
  if (!base || state.registers[*base].kind != Value::Kind::Stack) return std::nullopt;
  return state.registers[*base].place + operand.mem.disp.value;
}

Value read_operand(const State& state, const ZydisDecodedOperand& operand) {
  switch (operand.type) {
    case ZYDIS_OPERAND_TYPE_IMMEDIATE: return Value::number(operand.imm.value.s);
    case ZYDIS_OPERAND_TYPE_REGISTER: {
      const auto index = register_index(operand.reg.value);
      if (!index || is_high_byte(operand.reg.value) || operand.size < 32) return Value::unknown();
      return state.registers[*index];
    }
    case ZYDIS_OPERAND_TYPE_MEMORY: {
      const auto offset = frame_offset(state, operand);
      return offset && operand.size >= 32 ? state.load(*offset) : Value::unknown();
    }
    default: return Value::unknown();
  }
}

// A 32-bit register write clears the upper half.
Value narrowed(Value value, uint16_t bits) {
  if (value.kind == Value::Kind::Numbers && bits == 32) {
    for (int64_t& number : value.numbers) number = static_cast<uint32_t>(number);
  }
  return value;
}

// Writes to the low byte or word: only of a known number is the rest known.
Value merged_low(const Value& old, const Value& value, uint16_t bits) {
  if (old.kind != Value::Kind::Numbers || value.kind != Value::Kind::Numbers || old.numbers.size() != 1 ||
      value.numbers.size() != 1) {
    return Value::unknown();
  }
  const int64_t mask = (int64_t{1} << bits) - 1;
  return Value::number((old.numbers[0] & ~mask) | (value.numbers[0] & mask));
}

void write_operand(State& state, const ZydisDecodedOperand& operand, const Value& value) {
  if (operand.type == ZYDIS_OPERAND_TYPE_REGISTER) {
    const auto index = register_index(operand.reg.value);
    if (!index) return;
    Value& target = state.registers[*index];
    if (is_high_byte(operand.reg.value)) {
      target = Value::unknown();
    } else {
      target = operand.size >= 32 ? narrowed(value, operand.size) : merged_low(target, value, operand.size);
    }
  } else if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY) {
    if (const auto offset = frame_offset(state, operand)) state.stack[*offset] = value;
  }
}

Value shifted(const Value& value, int64_t by) {
  Value out = value;
  if (out.kind == Value::Kind::Stack) {
    out.place = static_cast<int64_t>(static_cast<uint64_t>(out.place) + static_cast<uint64_t>(by));
  } else if (out.kind == Value::Kind::Numbers && out.numbers.size() == 1) {
    // Of several numbers it would be a loop's counter, which has no end here.
    out.numbers[0] = static_cast<int64_t>(static_cast<uint64_t>(out.numbers[0]) + static_cast<uint64_t>(by));
  } else {
    out = Value::unknown();
  }
  return out;
}

void push(State& state, const Value& value) {
  state.registers[kRsp] = shifted(state.registers[kRsp], -8);
  if (state.registers[kRsp].kind == Value::Kind::Stack) state.stack[state.registers[kRsp].place] = value;
}

Value pop(State& state) {
  const Value& pointer = state.registers[kRsp];
  const Value value = pointer.kind == Value::Kind::Stack ? state.load(pointer.place) : Value::unknown();
  state.registers[kRsp] = shifted(state.registers[kRsp], 8);
  return value;
}

// What the System V ABI lets a callee change.
void forget_scratch(State& state) {
  for (const size_t index : {kRax, kRcx, kRdx, kRsi, kRdi, size_t{8}, size_t{9}, size_t{10}, size_t{11}}) {
    state.registers[index] = Value::unknown();
  }
}

bool same_register(const Instruction& instruction) {
  return instruction.operands.size() >= 2 && instruction.operands[0].type == ZYDIS_OPERAND_TYPE_REGISTER &&
         instruction.operands[1].type == ZYDIS_OPERAND_TYPE_REGISTER &&
         instruction.operands[0].reg.value == instruction.operands[1].reg.value;
}

void forget_written(State& state, const Instruction& instruction) {
  for (const ZydisDecodedOperand& operand : instruction.operands) {
    if (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) write_operand(state, operand, Value::unknown());
  }
}

// Instructions whose result depends on registers that are no operands of theirs.
void forget_implicit(State& state, const Instruction& instruction) {
  switch (instruction.decoded.mnemonic) {
    case ZYDIS_MNEMONIC_SYSCALL:
      for (const size_t index : {kRax, kRcx, size_t{11}}) state.registers[index] = Value::unknown();
      break;
    case ZYDIS_MNEMONIC_CPUID:
    case ZYDIS_MNEMONIC_MUL:
    case ZYDIS_MNEMONIC_IMUL:
    case ZYDIS_MNEMONIC_DIV:
    case ZYDIS_MNEMONIC_IDIV:
    case ZYDIS_MNEMONIC_RDTSC:
    case ZYDIS_MNEMONIC_CMPXCHG:
    case ZYDIS_MNEMONIC_CDQE:
    case ZYDIS_MNEMONIC_CDQ:
    case ZYDIS_MNEMONIC_CQO:
    case ZYDIS_MNEMONIC_XGETBV:
      if (instruction.is(ZYDIS_MNEMONIC_IMUL) && instruction.operands.size() > 1) break;
      state.registers[kRax] = state.registers[kRdx] = Value::unknown();
      if (instruction.is(ZYDIS_MNEMONIC_CPUID)) state.registers[kRcx] = state.registers[3] = Value::unknown();
      break;
    default: break;
  }
}

void apply(State& state, const Instruction& instruction) {
  const auto& operands = instruction.operands;
  switch (instruction.decoded.mnemonic) {
    case ZYDIS_MNEMONIC_PUSH: push(state, read_operand(state, operands[0])); return;
    case ZYDIS_MNEMONIC_POP: write_operand(state, operands[0], pop(state)); return;
    case ZYDIS_MNEMONIC_MOV:
    case ZYDIS_MNEMONIC_MOVSXD:
      if (operands.size() == 2) write_operand(state, operands[0], read_operand(state, operands[1]));
      return;
    case ZYDIS_MNEMONIC_LEA: {
      const auto base = register_index(operands[1].mem.base);
      const bool plain = base && operands[1].mem.index == ZYDIS_REGISTER_NONE;
      write_operand(state, operands[0],
                    plain ? shifted(state.registers[*base], operands[1].mem.disp.value) : Value::unknown());
      return;
    }
    case ZYDIS_MNEMONIC_XOR:
    case ZYDIS_MNEMONIC_SUB:
      if (same_register(instruction)) return write_operand(state, operands[0], Value::number(0));
      [[fallthrough]];
    case ZYDIS_MNEMONIC_ADD:
      if (!instruction.is(ZYDIS_MNEMONIC_XOR) && operands.size() == 2 &&
          operands[1].type == ZYDIS_OPERAND_TYPE_IMMEDIATE && operands[0].size >= 32) {
        const int64_t by = instruction.is(ZYDIS_MNEMONIC_ADD) ? operands[1].imm.value.s : -operands[1].imm.value.s;
        return write_operand(state, operands[0], shifted(read_operand(state, operands[0]), by));
      }
      return forget_written(state, instruction);
    case ZYDIS_MNEMONIC_AND:
      // Aligning the stack pointer: which word is which is lost, the registers are not.
      return forget_written(state, instruction);
    case ZYDIS_MNEMONIC_LEAVE:
      state.registers[kRsp] = state.registers[kRbp];
      state.registers[kRbp] = pop(state);
      return;
    case ZYDIS_MNEMONIC_CALL: forget_scratch(state); return;
    default: break;
  }
  if (instruction.decoded.meta.category == ZYDIS_CATEGORY_CMOV) {
    return write_operand(state, operands[0], join(read_operand(state, operands[0]), read_operand(state, operands[1])));
  }
  forget_implicit(state, instruction);
  forget_written(state, instruction);
}

bool is_branch(const Instruction& instruction) {
  return instruction.decoded.meta.category == ZYDIS_CATEGORY_COND_BR || instruction.is(ZYDIS_MNEMONIC_JMP);
}

bool falls_through(const Instruction& instruction) {
  return !instruction.is(ZYDIS_MNEMONIC_JMP) && !instruction.is(ZYDIS_MNEMONIC_RET) &&
         !instruction.is(ZYDIS_MNEMONIC_UD2) && !instruction.is(ZYDIS_MNEMONIC_HLT);
}

// Between functions and before loops; it would lead into code with nothing known.
bool is_padding(const Instruction& instruction) {
  const ZydisInstructionCategory category = instruction.decoded.meta.category;
  return category == ZYDIS_CATEGORY_NOP || category == ZYDIS_CATEGORY_WIDENOP || instruction.is(ZYDIS_MNEMONIC_INT3);
}

class Tracer {
 public:
  Tracer(Bytes code, uint64_t address, const FindWrapper& find_wrapper) : find_wrapper_(find_wrapper) {
    decode(code, address);
  }

  CallNumbers run() {
    CallNumbers out;
    if (instructions_.empty()) return out;
    states_.resize(instructions_.size());
    budget_ = instructions_.size() * kVisitsPerInstruction;
    spread(0, State::at_entry());
    // What only a jump table or an exception reaches.
    for (size_t i = 0; i < instructions_.size(); ++i) {
      if (!states_[i].reached && !is_padding(instructions_[i])) spread(i, State::unknown());
    }
    for (size_t i = 0; i < instructions_.size(); ++i) collect(i, out);
    if (budget_ == 0) out.unknown = true;
    return out;
  }

 private:
  void decode(Bytes code, uint64_t address) {
    ZydisDecoder decoder;
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    size_t offset = 0;
    while (offset < code.size() && instructions_.size() < kMaximumInstructions) {
      Instruction instruction;
      ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
      if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, code.data() + offset, code.size() - offset,
                                               &instruction.decoded, operands))) {
        ++offset;
        continue;
      }
      instruction.address = address + offset;
      instruction.operands.assign(operands, operands + instruction.decoded.operand_count_visible);
      offset += instruction.decoded.length;
      instructions_.push_back(std::move(instruction));
    }
  }

  std::optional<size_t> find(uint64_t address) const {
    const auto found = std::lower_bound(instructions_.begin(), instructions_.end(), address,
                                        [](const Instruction& i, uint64_t wanted) { return i.address < wanted; });
    if (found == instructions_.end() || found->address != address) return std::nullopt;
    return static_cast<size_t>(found - instructions_.begin());
  }

  // Follows every path from `first` until nothing changes.
  void spread(size_t first, const State& state) {
    std::deque<size_t> work;
    if (join_into(states_[first], state)) work.push_back(first);
    while (!work.empty() && budget_ > 0) {
      --budget_;
      const size_t index = work.front();
      work.pop_front();
      const Instruction& instruction = instructions_[index];
      State after = states_[index];
      apply(after, instruction);
      if (is_branch(instruction)) {
        const auto target = branch_target(instruction);
        if (const auto to = target ? find(*target) : std::nullopt; to && join_into(states_[*to], after)) {
          work.push_back(*to);
        }
      }
      if (falls_through(instruction) && index + 1 < instructions_.size() && join_into(states_[index + 1], after)) {
        work.push_front(index + 1);
      }
    }
  }

  void collect(size_t index, CallNumbers& out) const {
    const Instruction& instruction = instructions_[index];
    const State& state = states_[index];
    if (instruction.is(ZYDIS_MNEMONIC_SYSCALL)) out.add(state.registers[kRax]);
    if (instruction.is(ZYDIS_MNEMONIC_SYSENTER)) out.legacy = true;
    if (instruction.is(ZYDIS_MNEMONIC_INT) && instruction.operands[0].imm.value.u == 0x80) out.legacy = true;
    const bool is_call = instruction.is(ZYDIS_MNEMONIC_CALL);
    if (!is_call && !is_branch(instruction)) return;
    const auto target = branch_target(instruction);
    // A branch inside of the function is no call of it.
    if (!target || (!is_call && find(*target))) return;
    const auto parameter = find_wrapper_(*target);
    if (!parameter) return;
    if (parameter->kind == Value::Kind::Register) {
      out.add(state.registers[static_cast<size_t>(parameter->place) & 15]);
    } else {
      // The callee counts from the stack pointer that it sees, below the return address.
      const Value stack = shifted(state.registers[kRsp], is_call ? -8 : 0);
      out.add(stack.kind == Value::Kind::Stack ? state.load(stack.place + parameter->place) : Value::unknown());
    }
  }

  const FindWrapper& find_wrapper_;
  std::vector<Instruction> instructions_;
  std::vector<State> states_;
  size_t budget_ = 0;
};

}  // namespace

void CallNumbers::add(const Value& value) {
  switch (value.kind) {
    case Value::Kind::Unset: break;
    case Value::Kind::Numbers:
      for (const int64_t number : value.numbers) {
        const auto low = static_cast<int64_t>(static_cast<int32_t>(number));
        const auto at = std::lower_bound(numbers.begin(), numbers.end(), low);
        if (at == numbers.end() || *at != low) numbers.insert(at, low);
      }
      break;
    case Value::Kind::Register:
    case Value::Kind::Argument:
      if (parameter && *parameter != value) unknown = true;
      parameter = value;
      break;
    default: unknown = true;
  }
}

CallNumbers trace_calls(Bytes code, uint64_t address, const FindWrapper& find_wrapper) {
  return Tracer(code, address, find_wrapper).run();
}

}  // namespace kontain::analyser
