// What a payload registered for its signals.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>

namespace kontain::task {

inline constexpr int kSignalCount = 64;

// The signal masks of this code: bit n-1 is signal n.
constexpr uint64_t signal_bit(int signal) { return uint64_t{1} << (signal - 1); }
constexpr bool is_signal(int number) { return number >= 1 && number <= kSignalCount; }

// The kernel's struct sigaction of rt_sigaction(2) on x86-64: what the payload registered for one signal.
struct SignalAction {
  uint64_t handler = 0;  // kDefault, kIgnore or an address in the payload
  uint64_t flags = 0;    // SA_*
  uint64_t restorer = 0;
  uint64_t mask = 0;

  static constexpr uint64_t kDefault = 0;  // SIG_DFL
  static constexpr uint64_t kIgnore = 1;   // SIG_IGN
  bool has_handler() const { return handler > kIgnore; }
};
static_assert(sizeof(SignalAction) == 32);

// The actions of one process, shared by its threads.
class SignalActions {
 public:
  SignalActions() = default;
  SignalActions(const SignalActions& other) : actions_(other.copy()) {}

  SignalAction get(int signal) const {
    std::scoped_lock hold(lock_);
    return actions_[index(signal)];
  }
  void set(int signal, const SignalAction& action) {
    std::scoped_lock hold(lock_);
    actions_[index(signal)] = action;
  }
  // For delivery: the action, which SA_RESETHAND puts back to the default.
  SignalAction take(int signal);
  // Held across fork(2) and around changes that must agree with the host's.
  std::mutex& lock() { return lock_; }

 private:
  static constexpr size_t index(int signal) { return static_cast<size_t>(signal - 1); }
  std::array<SignalAction, kSignalCount> copy() const {
    std::scoped_lock hold(lock_);
    return actions_;
  }

  mutable std::mutex lock_;
  std::array<SignalAction, kSignalCount> actions_{};
};

}  // namespace kontain::task
