// Staying with a process of a container: its signals, its terminal, its end.
#pragma once

#include <sys/types.h>

#include <optional>

#include "base/error.h"
#include "base/unique_fd.h"

namespace kontain::krun::container {

// From here on signals for this process wait until attend() passes them on. Before the process is made.
class HeldSignals {
 public:
  HeldSignals();
  ~HeldSignals();
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;
  int fd() const { return fd_.get(); }

 private:
  UniqueFd fd_;
};

// Our parent, whose end will be a SIGTERM (PR_SET_PDEATHSIG(2const)) for us.
pid_t follow_parent();

// Waits for the end of the child `pid`, which gets the signals that we get, with `terminal` (a master) relayed to ours.
// When `followed`, a parent, has ended, the child is killed. Returns its exit status as a shell would: 128 + the signal
// that killed it.
Result<int> attend(pid_t pid, const HeldSignals& signals, UniqueFd terminal, std::optional<pid_t> followed = {});

}  // namespace kontain::krun::container
