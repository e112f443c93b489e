// One virtual CPU as the rest of the monitor sees it: the payload's registers, and what made it stop.
//
// Recipes A and B (docs/adr/0005) differ only below this header. The context seen here is always the payload's own:
// it never shows the system call stub or the exception entry.
#pragma once

#include <linux/kvm.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "base/error.h"
#include "km/kvm/vcpu.h"
#include "km/vcpu/call_exchange.h"

namespace kontain::vcpu {

class Machine;

// Everything of a payload thread that lives in the processor: what fork, vfork and signal frames carry around.
struct Context {
  kvm_regs regs = {};
  uint64_t fs_base = 0;
  uint64_t gs_base = 0;
  kvm::XsaveArea xsave = {};  // x87, SSE, AVX, AVX-512 in the standard (non-compacted) format of SDM vol. 1, 13.4
};

enum class StopKind {
  Syscall,      // the payload executed SYSCALL: number in RAX, result to be put there
  Answered,     // the call server has made the payload's call (Cpu::answered_call()): result to be put in RAX
  Exception,    // the payload caused `vector`
  Interrupted,  // a signal or a kick ended the run; the context is whole
  HostFault,    // KVM could not reach a host page (EFAULT): no address is known
  BadExit,      // an exit only a payload's odd behaviour causes (doorbell misuse, triple fault, emulation failure)
};

struct Stop {
  StopKind kind;
  uint8_t vector = 0;          // exception vector, 0..31
  uint64_t error_code = 0;     // for vectors that push one
  uint64_t fault_address = 0;  // CR2 of a page fault
  const char* detail = "";     // for BadExit: what was seen
};

class Cpu {
 public:
  Cpu(Cpu&&) = delete;
  ~Cpu();

  // Runs the payload until something needs the monitor.
  Stop run();

  // The payload's general registers. Changes take effect at the next run().
  kvm_regs& regs();
  uint64_t fs_base() const;
  uint64_t gs_base() const;
  void set_fs_base(uint64_t base);
  void set_gs_base(uint64_t base);

  // Starts at `rip` in user mode with every register 0 but `rsp`; rflags as execve(2) leaves them.
  void start_at(uint64_t rip, uint64_t rsp);

  // The whole context, and back. After restore() the next run() goes on from there.
  Result<Context> save() const;
  Result<void> restore(const Context& context);
  Result<void> get_xsave(kvm::XsaveArea& area) const;
  Result<void> set_xsave(const kvm::XsaveArea& area);

  // Asks the thread in run() to return Interrupted soon; callable from a signal handler of that thread.
  void kick();

  // The way of this vCPU's calls to the call server.
  CallExchange& calls();
  // Called while run() waits for the server to end a call that it has begun, when a kick has come.
  void set_hurry(std::function<void()> hurry);
  // The call of a stop of the kind Answered.
  const AnsweredCall& answered_call() const;
  // What leaving the guest and coming back takes, in ticks of the time stamp counter: the best of a few. Between runs.
  Result<uint64_t> measure_exit();
  // The same from a SYSCALL on, that may not be posted.
  Result<uint64_t> measure_syscall();

 private:
  friend class Machine;
  struct Private;
  explicit Cpu(std::unique_ptr<Private> state);
  std::unique_ptr<Private> p_;
};

}  // namespace kontain::vcpu
