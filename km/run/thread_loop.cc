#include "km/run/thread_loop.h"

#include <signal.h>

#include "km/run/exception.h"
#include "km/run/make_call.h"

namespace kontain::run {
namespace {

Outcome killed_by(const signal::FatalSignal& fatal) { return Outcome::killed(fatal); }

}  // namespace

ThreadEnd ThreadLoop::run() {
  stop_if_wanted();
  for (;;) {
    call_.reset();
    handle(task_.cpu().run());
    stop_if_wanted();
    if (auto end = end_of_task()) return *end;
    if (const auto fatal = signal::deliver_signals(task_, call_, trace_)) return {true, killed_by(*fatal), last_call()};
  }
}

// A vfork child is another process, although it sees the flag.
bool ThreadLoop::must_stop() const { return ThreadStop::is_wanted() && !task_.process().shares_memory; }

void ThreadLoop::stop_if_wanted() {
  if (must_stop()) stop_.park(task_, last_call());
}

LastCall ThreadLoop::last_call() const { return call_ ? LastCall(call_->number) : std::nullopt; }

std::optional<ThreadEnd> ThreadLoop::end_of_task() const {
  switch (task_.end) {
    case task::Task::End::None: return std::nullopt;
    case task::Task::End::Thread: return ThreadEnd{false, Outcome::exited(task_.exit_status), {}};
    case task::Task::End::Process: return ThreadEnd{true, Outcome::exited(task_.exit_status), {}};
  }
  return std::nullopt;
}

void ThreadLoop::handle(const vcpu::Stop& stop) {
  if (stop.kind != vcpu::StopKind::HostFault) host_faults_ = {};
  switch (stop.kind) {
    case vcpu::StopKind::Syscall: handle_syscall(); break;
    case vcpu::StopKind::Answered: {
      const vcpu::AnsweredCall& made = task_.cpu().answered_call();
      finish_call(made.call.number, made.call.arguments, made.result);
      break;
    }
    case vcpu::StopKind::Exception: handle_exception(stop, task_); break;
    case vcpu::StopKind::Interrupted: break;
    case vcpu::StopKind::HostFault: handle_host_fault(); break;
    case vcpu::StopKind::BadExit:
      task_.forced_signal = {SIGSEGV, SI_KERNEL, 0, task_.cpu().regs().rip, stop.detail};
      break;
  }
}

void ThreadLoop::handle_syscall() {
  const kvm_regs& regs = task_.cpu().regs();
  const auto number = static_cast<uint32_t>(regs.rax);
  const uint64_t return_address = regs.rip;
  const sys::RawArgs args = {regs.rdi, regs.rsi, regs.rdx, regs.r10, regs.r8, regs.r9};
  std::optional<trace::CallText> text;
  if (trace_ && trace_->wants(number)) text.emplace(trace::CallText::begin(number, args, payload_reader()));
  CallTrace::set_current(text ? &*text : nullptr);
  // A vfork child has a table of its own, and the parent's memory.
  if (!task_.process().shares_memory) starter_.note_call(number, args);
  const int64_t result = make_call(task_, number, args);
  if (task_.context_replaced) {
    task_.context_replaced = false;
  } else {
    finish_call(number, args, result);
  }
  calls_.note_exit(task_, streak_, number, args[0], return_address);
  if (!text) return;
  if (call_ && (result == -EINTR || result == -task::kRestart)) {
    trace_->write_interrupted_call(*text, *call_);
  } else if (task_.end != task::Task::End::None || must_stop()) {
    trace_->write_call_without_result(*text);
  } else {
    trace_->write_call(*text, result);
  }
}

// On another vCPU than before in a forked child.
void ThreadLoop::finish_call(uint32_t number, const sys::RawArgs& args, int64_t result) {
  task_.cpu().regs().rax = static_cast<uint64_t>(result);
  call_ = signal::FinishedCall{number, args[0], args[1], args[2], args[3], result};
}

void ThreadLoop::handle_host_fault() {
  if (task_.memory().retry_after_host_fault(host_faults_)) return;
  task_.forced_signal = {SIGBUS, BUS_ADRERR, 0, task_.cpu().regs().rip, "a page of the host cannot be accessed"};
}

}  // namespace kontain::run
