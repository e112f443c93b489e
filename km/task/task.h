// A payload's process and its threads, as the system calls see them.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "km/fd/monitor_fds.h"
#include "km/mem/address_space.h"
#include "km/task/limits.h"
#include "km/vcpu/cpu.h"

namespace kontain::task {

// The kernel's struct sigaction of rt_sigaction(2) on x86-64: what the payload registered for one signal.
struct SignalAction {
  uint64_t handler = 0;  // SIG_DFL (0), SIG_IGN (1) or an address in the payload
  uint64_t flags = 0;    // SA_*
  uint64_t restorer = 0;
  uint64_t mask = 0;  // bit n-1 is signal n
};
static_assert(sizeof(SignalAction) == 32);

inline constexpr int kSignalCount = 64;

// State shared by the threads of one Linux process of the payload.
class Process {
 public:
  Process(mem::AddressSpace& memory, fd::MonitorFds& fds) : memory_(memory), fds_(fds) {}

  mem::AddressSpace& memory() { return memory_; }
  fd::MonitorFds& fds() { return fds_; }

  // The payload's executable as /proc/self/exe shows it: an absolute path without links.
  const std::string& executable() const { return executable_; }
  void set_executable(std::string path) { executable_ = std::move(path); }

  // Limits that are the payload's alone: they would hit the monitor if they were the host's (km/sys/limits.h).
  Limits limits;
  // personality(2), once the payload has set it; until then it is the host's.
  std::optional<uint32_t> personality;
  // prctl(PR_SET_DUMPABLE); the monitor itself never is.
  int dumpable = 1;

  // The registered action of `signal` (1..64).
  SignalAction& action(int signal) { return actions_[static_cast<size_t>(signal - 1)]; }

 private:
  mem::AddressSpace& memory_;
  fd::MonitorFds& fds_;
  std::string executable_;
  std::array<SignalAction, kSignalCount> actions_{};
};

// One thread of the payload: one vCPU, one host thread, whose tid is the payload's tid.
class Task {
 public:
  Task(Process& process, vcpu::Cpu& cpu, pid_t tid) : process_(process), cpu_(cpu), tid_(tid) {}

  Process& process() { return process_; }
  mem::AddressSpace& memory() { return process_.memory(); }
  vcpu::Cpu& cpu() { return cpu_; }
  pid_t tid() const { return tid_; }

  // The signal mask the payload set; bit n-1 is signal n. SIGKILL and SIGSTOP are never in it.
  uint64_t signal_mask = 0;
  // sigaltstack(2): address, flags, size. SS_DISABLE (2) at first.
  struct AltStack {
    uint64_t address = 0;
    int32_t flags = 2;
    int32_t padding = 0;
    uint64_t size = 0;
  } alt_stack;
  // set_tid_address(2): where 0 is stored when the thread ends; 0 is nowhere.
  uint64_t clear_child_tid = 0;

  // Set by exit and exit_group: the status (0..255) with which the process ends after the current call.
  bool ended = false;
  int exit_status = 0;

 private:
  Process& process_;
  vcpu::Cpu& cpu_;
  pid_t tid_;
};

}  // namespace kontain::task
