#include "km/run/thread_stop.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

#include <algorithm>

#include "base/host_call.h"
#include "km/arch/x86.h"
#include "km/signal/host_signals.h"
#include "km/signal/xstate.h"

namespace kontain::run {
namespace {

// A thread comes as soon as its call has ended, some milliseconds at most; thousands of them take longer.
constexpr int kRounds = 1500;
constexpr timespec kRoundTime = {.tv_sec = 0, .tv_nsec = 2'000'000};

user_regs_struct registers_of(const vcpu::Context& context, const LastCall& call) {
  const kvm_regs& regs = context.regs;
  user_regs_struct out = {};
  out.r15 = regs.r15;
  out.r14 = regs.r14;
  out.r13 = regs.r13;
  out.r12 = regs.r12;
  out.rbp = regs.rbp;
  out.rbx = regs.rbx;
  out.r11 = regs.r11;
  out.r10 = regs.r10;
  out.r9 = regs.r9;
  out.r8 = regs.r8;
  out.rax = regs.rax;
  out.rcx = regs.rcx;
  out.rdx = regs.rdx;
  out.rsi = regs.rsi;
  out.rdi = regs.rdi;
  out.orig_rax = call ? *call : ~0ULL;
  out.rip = regs.rip;
  out.cs = x86::kUserCode;
  out.eflags = regs.rflags;
  out.rsp = regs.rsp;
  out.ss = x86::kUserData;
  out.fs_base = context.fs_base;
  out.gs_base = context.gs_base;
  return out;
}

}  // namespace

core::CoreThread describe_thread(task::Task& task, const LastCall& call) {
  core::CoreThread thread;
  thread.tid = task.tid();
  thread.held = task.signal_mask;
  rusage usage = {};
  getrusage(RUSAGE_THREAD, &usage);
  thread.user_time = usage.ru_utime;
  thread.system_time = usage.ru_stime;
  const auto context = task.cpu().save();
  if (!context) return thread;
  thread.registers = registers_of(*context, call);
  const auto* image = reinterpret_cast<const std::byte*>(context->xsave.bytes);
  thread.xsave.assign(image, image + std::min(signal::xstate_size(), sizeof context->xsave.bytes));
  return thread;
}

bool ThreadStop::begin() { return signal::claim_end(); }
bool ThreadStop::is_wanted() { return signal::is_end_claimed(); }
void ThreadStop::forget() { signal::forget_other_threads(); }

void ThreadStop::park(task::Task& task, const LastCall& call) {
  signal::block_host_signals();
  core::CoreThread thread = describe_thread(task, call);
  {
    std::scoped_lock hold(lock_);
    parked_.push_back(std::move(thread));
  }
  for (;;) host_call(SYS_pause);
}

bool ThreadStop::is_parked(pid_t tid) {
  std::scoped_lock hold(lock_);
  return std::ranges::find(parked_, tid, &core::CoreThread::tid) != parked_.end();
}

// Those that are not there yet: a kick that comes just before a thread goes to sleep is lost, so there are more.
bool ThreadStop::kick_running(task::Task& self) {
  const auto process = static_cast<uint64_t>(host_call(SYS_getpid));
  bool any = false;
  self.process().for_each_thread([&](task::Task& thread) {
    if (&thread == &self || is_parked(thread.tid())) return;
    any = true;
    host_call(SYS_tgkill, process, static_cast<uint64_t>(thread.tid()), SIGBUS);
  });
  return any;
}

std::vector<core::CoreThread> ThreadStop::stop_others(task::Task& self) {
  for (int round = 0; round < kRounds && kick_running(self); ++round) nanosleep(&kRoundTime, nullptr);
  std::scoped_lock hold(lock_);
  std::vector<core::CoreThread> threads = parked_;
  std::ranges::sort(threads, {}, &core::CoreThread::tid);
  return threads;
}

}  // namespace kontain::run
