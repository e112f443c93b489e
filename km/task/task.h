// One thread of the payload, as the system calls see it.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "km/seccomp/filter.h"
#include "km/task/process.h"
#include "km/vcpu/cpu.h"

namespace kontain::task {

// stack_t of sigaltstack(2).
struct AltStack {
  uint64_t address = 0;
  int32_t flags = 2;  // SS_DISABLE
  int32_t padding = 0;
  uint64_t size = 0;  // bytes
};
static_assert(sizeof(AltStack) == 24);

// What the processor said about the last exception: every signal frame and core shows it.
struct LastFault {
  uint64_t trap_number = 0;
  uint64_t error_code = 0;
  uint64_t address = 0;  // CR2
};

// A signal that the thread's own instruction caused: it cannot be blocked or ignored.
struct ForcedSignal {
  int signal = 0;
  int code = 0;          // si_code
  uint64_t address = 0;  // si_addr
  uint64_t rip = 0;
  const char* cause = "";  // in words, e.g. "address not mapped"
  bool is_fatal = false;   // no handler may catch it
  int system_call = 0;     // of SIGSYS: si_syscall and si_errno
  int error = 0;
};

// One vCPU, one host thread, whose tid is the payload's tid.
class Task {
 public:
  Task(Process& process, vcpu::Cpu& cpu, pid_t tid) : process_(process), cpu_(&cpu), tid_(tid) {}

  Process& process() { return process_; }
  mem::AddressSpace& memory() { return process_.memory(); }
  // Owned by the machine. A forked child's is a new one.
  vcpu::Cpu& cpu() { return *cpu_; }
  void set_cpu(vcpu::Cpu& cpu) { cpu_ = &cpu; }
  pid_t tid() const { return tid_; }
  void set_tid(pid_t tid) { tid_ = tid; }

  // The signal mask of the payload, which is also the host thread's but for SIGSEGV and SIGBUS.
  uint64_t signal_mask = 0;
  // The mask that a call like sigsuspend puts in its place while it waits, and until its signal is delivered.
  std::optional<uint64_t> temporary_mask;
  AltStack alt_stack;
  LastFault last_fault;
  std::optional<ForcedSignal> forced_signal;
  // Set by rt_sigreturn and execve: the registers are new, the result of the call is not to be stored.
  bool context_replaced = false;

  // The payload's seccomp filters (km/sys/seccomp.h); another thread may set it. While there are any, no call may be
  // answered without sys::dispatch.
  std::atomic<const seccomp::Chain*> seccomp_filters = nullptr;

  // set_tid_address(2): where 0 is stored when the thread ends; 0 is nowhere.
  uint64_t clear_child_tid = 0;
  // set_robust_list(2); 0 is none.
  uint64_t robust_list = 0;

  // Set by exit and exit_group: what ends after the current call.
  enum class End : uint8_t { None, Thread, Process };
  End end = End::None;
  int exit_status = 0;  // 0..255

 private:
  Process& process_;
  vcpu::Cpu* cpu_;
  pid_t tid_;
};

}  // namespace kontain::task
