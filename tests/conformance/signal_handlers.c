// Handlers of signals: masks and flags while they run, dispositions, jumps out of them, calls they interrupt.
#include "tests/conformance/signals.h"

#include <setjmp.h>

CASE(pause_returns_after_a_handler) {
  set_handler(SIGUSR1, hit, SA_RESTART);
  poke_main(SIGUSR1);
  CHECK_ERR(pause(), EINTR);
  say("hits %d", hits);
}

static void note_mask(int signal) {
  hits++;
  last_signal = signal;
  say("in handler of %d: USR1 %d, USR2 %d, TERM %d", signal, is_blocked(SIGUSR1), is_blocked(SIGUSR2),
      is_blocked(SIGTERM));
}

CASE(sigsuspend_swaps_the_mask) {
  sigset_t during = set_of(SIGTERM);
  set_handler(SIGUSR1, note_mask, 0);
  block_signal(SIGUSR1);
  kill(getpid(), SIGUSR1);
  CHECK_EQ(hits, 0);
  CHECK_ERR(sigsuspend(&during), EINTR);
  say("after: USR1 %d, TERM %d", is_blocked(SIGUSR1), is_blocked(SIGTERM));
  poke_main(SIGUSR1);
  CHECK_ERR(sigsuspend(&during), EINTR);
  say("hits %d", hits);
}

CASE(mask_during_handler) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = note_mask;
  sigaddset(&action.sa_mask, SIGUSR2);
  MUST(sigaction(SIGUSR1, &action, NULL));
  block_signal(SIGTERM);
  raise(SIGUSR1);
  say("after: USR1 %d, USR2 %d, TERM %d", is_blocked(SIGUSR1), is_blocked(SIGUSR2), is_blocked(SIGTERM));
}

CASE(nodefer_leaves_own_signal_open) {
  set_handler(SIGUSR1, note_mask, SA_NODEFER);
  raise(SIGUSR1);
  struct sigaction action;
  MUST(sigaction(SIGUSR1, NULL, &action));
  sigaddset(&action.sa_mask, SIGUSR1);
  MUST(sigaction(SIGUSR1, &action, NULL));
  raise(SIGUSR1);
}

static void raise_itself(int signal) {
  int mine = ++hits;
  if (mine < 5) raise(signal);
  say("leave %d", mine);
}

CASE(nodefer_nests) {
  set_handler(SIGUSR1, raise_itself, SA_NODEFER);
  raise(SIGUSR1);
}

CASE(own_signal_waits_for_the_handler) {
  set_handler(SIGUSR1, raise_itself, 0);
  raise(SIGUSR1);
  say("hits %d", hits);
}

CASE(resethand) {
  set_handler(SIGUSR1, hit, (int)SA_RESETHAND);
  struct sigaction action;
  raise(SIGUSR1);
  MUST(sigaction(SIGUSR1, NULL, &action));
  say("hits %d, default %d", hits, action.sa_handler == SIG_DFL);
  raise(SIGUSR1);
}

static void raise_second(int signal) {
  say("enter %d", signal);
  if (signal == SIGUSR1) raise(SIGUSR2);
  say("leave %d", signal);
}

CASE(handlers_nest) {
  set_handler(SIGUSR1, raise_second, 0);
  set_handler(SIGUSR2, raise_second, 0);
  raise(SIGUSR1);
}

CASE(ignored_signals_vanish) {
  set_handler(SIGUSR1, SIG_IGN, 0);
  block_signal(SIGUSR1);
  kill(getpid(), SIGUSR1);
  say("pending while blocked %d", is_pending(SIGUSR1));
  set_handler(SIGUSR1, SIG_DFL, 0);
  set_handler(SIGUSR1, hit, 0);
  unblock_signal(SIGUSR1);
  say("hits %d", hits);
}

CASE(ignoring_discards_what_is_pending) {
  set_handler(SIGUSR1, hit, 0);
  block_signal(SIGUSR1);
  kill(getpid(), SIGUSR1);
  set_handler(SIGUSR1, SIG_IGN, 0);
  say("pending %d", is_pending(SIGUSR1));
}

CASE(default_ignored_signals) {
  int signals[] = {SIGCHLD, SIGURG, SIGWINCH, SIGCONT};
  for (int i = 0; i < 4; i++) raise(signals[i]);
  for (int i = 0; i < 4; i++) {
    set_handler(signals[i], hit, 0);
    block_signal(signals[i]);
    raise(signals[i]);
    set_handler(signals[i], SIG_DFL, 0);
    say("%d pending after default %d", signals[i], is_pending(signals[i]));
  }
}

CASE(old_action_is_returned) {
  struct sigaction action, old;
  memset(&action, 0, sizeof action);
  action.sa_handler = hit;
  action.sa_flags = SA_RESTART | SA_NODEFER | SA_ONSTACK;
  sigaddset(&action.sa_mask, SIGTERM);
  sigaddset(&action.sa_mask, SIGKILL);
  MUST(sigaction(SIGUSR1, &action, NULL));
  MUST(sigaction(SIGUSR1, NULL, &old));
  say("same %d, flags %x, TERM %d, KILL %d", old.sa_handler == hit, old.sa_flags & 0x5fffffff & ~0x4000000,
      sigismember(&old.sa_mask, SIGTERM), sigismember(&old.sa_mask, SIGKILL));
}

struct KernelAction {
  void (*handler)(int);
  unsigned long flags;
  void (*restorer)(void);
  unsigned long mask;
};

CASE(raw_sigaction_details) {
  struct KernelAction action = {hit, 0xfffffffffff0ffffUL, NULL, ~0UL}, old;
  CHECK_ERR(syscall(SYS_rt_sigaction, SIGUSR1, &action, &old, 4), EINVAL);
  CHECK_ERR(syscall(SYS_rt_sigaction, SIGKILL, &action, NULL, 8), EINVAL);
  CHECK_ERR(syscall(SYS_rt_sigaction, SIGSTOP, &action, NULL, 8), EINVAL);
  CHECK_ERR(syscall(SYS_rt_sigaction, 0, NULL, &old, 8), EINVAL);
  CHECK_ERR(syscall(SYS_rt_sigaction, 65, NULL, &old, 8), EINVAL);
  CHECK_ERR(syscall(SYS_rt_sigaction, SIGUSR1, (void*)16, NULL, 8), EFAULT);
  CHECK_ERR(syscall(SYS_rt_sigaction, SIGUSR1, NULL, (void*)16, 8), EFAULT);
  CHECK_EQ(syscall(SYS_rt_sigaction, SIGKILL, NULL, &old, 8), 0);
  CHECK(old.handler == SIG_DFL);
  CHECK_EQ(syscall(SYS_rt_sigaction, SIGUSR1, &action, NULL, 8), 0);
  CHECK_EQ(syscall(SYS_rt_sigaction, SIGUSR1, NULL, &old, 8), 0);
  // Linux clears the flags it does not know (SA_UNSUPPORTED among them): that is how programs probe for them.
  say("flags %lx, mask %lx", old.flags, old.mask);
}

CASE(sigprocmask_details) {
  unsigned long set = ~0UL, old = 0;
  CHECK_ERR(syscall(SYS_rt_sigprocmask, 9, &set, NULL, 8), EINVAL);
  CHECK_ERR(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, 16), EINVAL);
  CHECK_ERR(syscall(SYS_rt_sigprocmask, SIG_BLOCK, (void*)16, NULL, 8), EFAULT);
  CHECK_ERR(syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, (void*)16, 8), EFAULT);
  CHECK_EQ(syscall(SYS_rt_sigprocmask, 9, NULL, &old, 8), 0);
  CHECK_EQ(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &set, NULL, 8), 0);
  CHECK_EQ(syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &old, 8), 0);
  say("everything but KILL and STOP: %lx", ~old);
  set = 1UL << (SIGSEGV - 1);
  CHECK_EQ(syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &set, &old, 8), 0);
  CHECK_EQ(syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &old, 8), 0);
  say("and SEGV: %lx", ~old);
}

CASE(segv_and_bus_masks_are_kept) {
  int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS};
  for (int i = 0; i < 6; i++) {
    set_handler(signals[i], hit, 0);
    CHECK_EQ(is_blocked(signals[i]), 0);
    block_signal(signals[i]);
    CHECK_EQ(is_blocked(signals[i]), 1);
    kill(getpid(), signals[i]);
    CHECK_EQ(is_pending(signals[i]), 1);
    CHECK_EQ(hits, i);
    unblock_signal(signals[i]);
    CHECK_EQ(hits, i + 1);
  }
  say("hits %d", hits);
}

CASE(fault_signals_sent_by_kill) {
  set_info_handler(SIGSEGV, keep_info, 0);
  set_info_handler(SIGBUS, keep_info, 0);
  kill(getpid(), SIGSEGV);
  CHECK_EQ(last_info.si_pid, getpid());
  say("signal %d, code %d", last_signal, last_info.si_code);
  MUST(sigqueue(getpid(), SIGBUS, (union sigval){.sival_int = 5}));
  say("signal %d, code %d, value %d", last_signal, last_info.si_code, last_info.si_value.sival_int);
  set_handler(SIGSEGV, SIG_IGN, 0);
  kill(getpid(), SIGSEGV);
  sigset_t set = set_of(SIGSEGV);
  siginfo_t info;
  set_handler(SIGSEGV, SIG_DFL, 0);
  block_signal(SIGSEGV);
  kill(getpid(), SIGSEGV);
  say("waited for %d", sigwaitinfo(&set, &info));
}

static sigjmp_buf jump;
static void jump_out(int signal) {
  hits++;
  siglongjmp(jump, signal);
}

CASE(siglongjmp_out_of_a_handler) {
  set_handler(SIGUSR1, jump_out, 0);
  for (volatile int i = 0; i < 3; i++) {
    int from = sigsetjmp(jump, 1);
    if (from == 0) {
      raise(SIGUSR1);
      say("CHECK failed: came back");
    }
    say("jumped with %d, blocked %d", from, is_blocked(SIGUSR1));
  }
}

CASE(longjmp_without_mask) {
  set_handler(SIGUSR1, jump_out, 0);
  if (sigsetjmp(jump, 0) == 0) raise(SIGUSR1);
  say("blocked %d", is_blocked(SIGUSR1));
}

static void* bombard(void* target) {
  for (int i = 0; i < 300; i++) pthread_kill(*(pthread_t*)target, SIGUSR1 + (i % 2) * 2);
  return NULL;
}

CASE(computation_survives_many_signals) {
  pthread_t thread, self = pthread_self();
  set_handler(SIGUSR1, hit, SA_RESTART);
  set_handler(SIGUSR2, hit, SA_RESTART);
  if (pthread_create(&thread, NULL, bombard, &self)) abort();
  double sum = 0;
  unsigned long hash = 1;
  for (int i = 1; i < 3000000; i++) {
    sum += 1.0 / i;
    hash = hash * 6364136223846793005UL + i;
  }
  pthread_join(thread, NULL);
  say("%.12f %lx", sum, hash);
  CHECK(hits > 0);
}
