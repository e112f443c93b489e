#include <bit>
#include <csignal>

#include "km/trace/flag_tables.h"
#include "km/trace/printers.h"
#include "km/trace/siginfo.h"

namespace kontain::trace::signals {
namespace {

using abi::ArgKind;

// The kernel's struct sigaction.
struct Action {
  uint64_t handler;
  uint64_t flags;
  uint64_t restorer;
  uint64_t mask;
};

constexpr uint64_t kHasRestorer = 0x04000000;  // SA_RESTORER

// SIGINT is INT in a set, SIGRT_1 is RT_1.
std::string short_name(int number) { return scalars::signal(static_cast<uint64_t>(number)).substr(3); }

// A set that is nearly full is shown by what is missing.
std::string describe_set(const uint64_t& set) {
  const bool inverted = std::popcount(set) >= 64 * 2 / 3;
  const uint64_t shown = inverted ? ~set : set;
  std::string out = inverted ? "~[" : "[";
  for (int number = 1; number <= 64; ++number) {
    if ((shown >> (number - 1) & 1) == 0) continue;
    if (out.back() != '[') out += ' ';
    out += short_name(number);
  }
  return out + "]";
}

std::string describe_handler(uint64_t handler) {
  if (handler == 0) return "SIG_DFL";
  return handler == 1 ? "SIG_IGN" : hex(handler);
}

std::string describe_action(const Action& action) {
  std::string out = action.flags & SA_SIGINFO && action.handler > 1 ? "{sa_sigaction=" : "{sa_handler=";
  out += describe_handler(action.handler) + ", sa_mask=" + describe_set(action.mask);
  out += ", sa_flags=" + flags(action.flags, kSigactionFlags);
  if (action.flags & kHasRestorer) out += ", sa_restorer=" + pointer(action.restorer);
  return out + "}";
}

std::string describe_stack(const stack_t& stack) {
  const auto address = reinterpret_cast<uint64_t>(stack.ss_sp);  // SAFETY: a number of the payload, not followed
  return "{ss_sp=" + pointer(address) + ", ss_flags=" + flags(static_cast<uint32_t>(stack.ss_flags), kAltStackFlags) +
         ", ss_size=" + unsigned_decimal(stack.ss_size) + "}";
}

// The sixth argument of pselect6 points to a set and its size.
void mask_pair(std::string& out, const Call& call, size_t index) {
  out += described<std::array<uint64_t, 2>>(call, call.args[index], [&](const std::array<uint64_t, 2>& pair) {
    return "{sigmask=" + set_at(call, pair[0]) + ", sigsetsize=" + unsigned_decimal(pair[1]) + "}";
  });
}

}  // namespace

std::string set_at(const Call& call, uint64_t address) { return described<uint64_t>(call, address, describe_set); }

PrintArg printer(ArgKind kind) {
  switch (kind) {
    case ArgKind::SigactionIn: return print_in<Action, describe_action>;
    case ArgKind::SigactionOut: return print_out<Action, describe_action>;
    case ArgKind::SigsetIn: return print_in<uint64_t, describe_set>;
    case ArgKind::SigsetOut: return print_out<uint64_t, describe_set>;
    case ArgKind::StackIn: return print_in<stack_t, describe_stack>;
    case ArgKind::StackOut: return print_out<stack_t, describe_stack>;
    case ArgKind::SiginfoIn: return print_in<siginfo_t, siginfo_text>;
    case ArgKind::SiginfoOut: return print_out<siginfo_t, siginfo_text>;
    case ArgKind::SigmaskPair: return mask_pair;
    default: return nullptr;
  }
}

}  // namespace kontain::trace::signals
