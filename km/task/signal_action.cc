#include "km/task/signal_action.h"

#include <signal.h>

namespace kontain::task {

SignalAction SignalActions::take(int signal) {
  std::scoped_lock hold(lock_);
  SignalAction& registered = actions_[index(signal)];
  const SignalAction action = registered;
  if ((action.flags & static_cast<uint64_t>(SA_RESETHAND)) && action.has_handler()) {
    registered.handler = SignalAction::kDefault;
  }
  return action;
}

}  // namespace kontain::task
