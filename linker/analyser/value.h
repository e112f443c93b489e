// What a register or a word of the stack can hold, as far as a system call's number is concerned.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace kontain::analyser {

// One abstract value. The join of two different kinds is Unknown.
struct Value {
  enum class Kind : uint8_t {
    Unset,     // no path has come here yet
    Numbers,   // one of `numbers`
    Register,  // what register `place` held when the function began
    Stack,     // the address of the stack pointer at the function's beginning, plus `place`
    Argument,  // the word of memory at that address: an argument on the stack
    Unknown,
  };
  Kind kind = Kind::Unset;
  int64_t place = 0;
  std::vector<int64_t> numbers;  // ascending, at most kMaximumNumbers

  static Value number(int64_t value) { return {Kind::Numbers, 0, {value}}; }
  static Value unknown() { return {Kind::Unknown, 0, {}}; }
  bool operator==(const Value&) const = default;
  // A parameter of the function: whoever calls it decides.
  bool is_parameter() const { return kind == Kind::Register || kind == Kind::Argument; }
};

inline constexpr size_t kMaximumNumbers = 64;

Value join(const Value& a, const Value& b);

// Registers by their hardware number (RAX 0, RCX 1, RDX 2, RBX 3, RSP 4, RBP 5, RSI 6, RDI 7, R8-R15), and the words of
// the own frame, by their offset from the stack pointer at the function's beginning.
struct State {
  std::array<Value, 16> registers;
  std::map<int64_t, Value> stack;
  bool reached = false;

  static State at_entry();
  static State unknown();
  // What is at [rsp at entry + offset].
  Value load(int64_t offset) const;
};

// Adds what `from` allows. True when `into` changed.
bool join_into(State& into, const State& from);

}  // namespace kontain::analyser
