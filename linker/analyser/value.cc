#include "linker/analyser/value.h"

#include <algorithm>
#include <iterator>

namespace kontain::analyser {
namespace {

constexpr size_t kStackPointer = 4;

}  // namespace

Value join(const Value& a, const Value& b) {
  if (a.kind == Value::Kind::Unset) return b;
  if (b.kind == Value::Kind::Unset || a == b) return a;
  if (a.kind != Value::Kind::Numbers || b.kind != Value::Kind::Numbers) return Value::unknown();
  Value out{Value::Kind::Numbers, 0, {}};
  std::set_union(a.numbers.begin(), a.numbers.end(), b.numbers.begin(), b.numbers.end(),
                 std::back_inserter(out.numbers));
  return out.numbers.size() <= kMaximumNumbers ? out : Value::unknown();
}

State State::at_entry() {
  State state;
  for (size_t i = 0; i < state.registers.size(); ++i) {
    state.registers[i] = {Value::Kind::Register, static_cast<int64_t>(i), {}};
  }
  state.registers[kStackPointer] = {Value::Kind::Stack, 0, {}};
  state.reached = true;
  return state;
}

State State::unknown() {
  State state;
  state.registers.fill(Value::unknown());
  state.reached = true;
  return state;
}

Value State::load(int64_t offset) const {
  const auto found = stack.find(offset);
  if (found != stack.end()) return found->second;
  // The return address is at 0, arguments are above it.
  return offset >= 8 ? Value{Value::Kind::Argument, offset, {}} : Value::unknown();
}

bool join_into(State& into, const State& from) {
  if (!into.reached) {
    into = from;
    return true;
  }
  bool changed = false;
  for (size_t i = 0; i < into.registers.size(); ++i) {
    Value joined = join(into.registers[i], from.registers[i]);
    if (joined == into.registers[i]) continue;
    into.registers[i] = std::move(joined);
    changed = true;
  }
  for (auto slot = into.stack.begin(); slot != into.stack.end();) {
    Value joined = join(slot->second, from.load(slot->first));
    if (joined != slot->second) {
      changed = true;
      slot->second = std::move(joined);
    }
    ++slot;
  }
  return changed;
}

}  // namespace kontain::analyser
