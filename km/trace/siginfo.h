// What comes with a signal, as strace(1) writes it.
#pragma once

#include <signal.h>

#include <string>

namespace kontain::trace {

// SIGUSR1, SIGRT_3, or 0x63 for what is no signal.
std::string signal_text(int number);
// {si_signo=SIGUSR1, si_code=SI_USER, si_pid=17, si_uid=0}: the fields that `info.si_code` says are there
// (sigaction(2)).
std::string siginfo_text(const siginfo_t& info);

}  // namespace kontain::trace
