// signal(7): sending, queues, who may, default actions, waiting for signals, signalfd.
#include "tests/conformance/signals.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

static volatile int order[64], order_count;
static void note_order(int signal, siginfo_t* info, void* context) {
  (void)context;
  if (order_count < 32) order[order_count++] = signal * 100 + info->si_value.sival_int;
}

static int queue_value(pid_t pid, int signal, int value) {
  union sigval content;
  content.sival_ptr = NULL;
  content.sival_int = value;
  return sigqueue(pid, signal, content);
}

CASE(raise_runs_the_handler_at_once) {
  set_handler(SIGUSR1, hit, 0);
  for (int i = 1; i <= 3; i++) {
    raise(SIGUSR1);
    CHECK_EQ(hits, i);
  }
  say("hits %d, signal %d", hits, last_signal);
}

CASE(info_of_kill) {
  set_info_handler(SIGUSR1, keep_info, 0);
  kill(getpid(), SIGUSR1);
  CHECK_EQ(last_info.si_pid, getpid());
  CHECK_EQ(last_info.si_uid, getuid());
  say("code %d, errno %d", last_info.si_code, last_info.si_errno);
}

static volatile struct {
  int ready, taken, forged;
  pid_t sender;
}* outside;

static void check_sender(int signal, siginfo_t* info, void* context) {
  (void)signal, (void)context;
  if (info->si_code != SI_USER || info->si_pid != outside->sender) outside->forged++;
  outside->taken++;
}

static int send_fault_signals(void* receiver) {
  while (!outside->ready) sched_yield();
  for (int i = 0; i < 400; i++) {
    kill((pid_t)(long)receiver, i % 2 ? SIGSEGV : SIGBUS);
    while (outside->taken <= i) sched_yield();
  }
  return 0;
}

// They come in the middle of reads, whichever thread makes them.
CASE(fault_signals_from_outside) {
  static char buffer[1 << 18];
  int zero = MUST(open("/dev/zero", O_RDONLY));
  outside = shared_memory(sizeof *outside);
  set_info_handler(SIGSEGV, check_sender, SA_RESTART);
  set_info_handler(SIGBUS, check_sender, SA_RESTART);
  outside->sender = start_child(send_fault_signals, (void*)(long)getpid());
  outside->ready = 1;
  while (outside->taken < 400) CHECK(read(zero, buffer, sizeof buffer) > 0);
  say_status("sender", wait_for(outside->sender));
  say("%d taken, %d not from their sender", outside->taken, outside->forged);
}

CASE(info_of_tgkill) {
  set_info_handler(SIGUSR1, keep_info, 0);
  MUST(syscall(SYS_tgkill, getpid(), my_tid(), SIGUSR1));
  CHECK_EQ(last_info.si_pid, getpid());
  say("code %d", last_info.si_code);
  MUST(syscall(SYS_tkill, my_tid(), SIGUSR1));
  say("hits %d", hits);
}

CASE(info_of_sigqueue) {
  set_info_handler(SIGRTMIN + 3, keep_info, 0);
  MUST(queue_value(getpid(), SIGRTMIN + 3, -77));
  CHECK_EQ(last_info.si_pid, getpid());
  say("code %d, value %d, offset %d", last_info.si_code, last_info.si_value.sival_int, last_signal - SIGRTMIN);
}

CASE(standard_signals_merge) {
  set_handler(SIGUSR1, hit, 0);
  block_signal(SIGUSR1);
  for (int i = 0; i < 5; i++) kill(getpid(), SIGUSR1);
  CHECK(is_pending(SIGUSR1) && hits == 0);
  unblock_signal(SIGUSR1);
  say("hits %d, pending %d", hits, is_pending(SIGUSR1));
}

CASE(real_time_signals_queue_in_order) {
  set_info_handler(SIGRTMIN, note_order, 0);
  block_signal(SIGRTMIN);
  for (int i = 0; i < 10; i++) MUST(queue_value(getpid(), SIGRTMIN, i));
  unblock_signal(SIGRTMIN);
  for (int i = 0; i < order_count; i++) say("%d", order[i] % 100);
}

CASE(lowest_signal_first) {
  sigset_t all, old;
  int base = SIGRTMIN;
  for (int i = 0; i < 3; i++) set_info_handler(base + i, note_order, 0);
  set_info_handler(SIGUSR2, note_order, 0);
  set_info_handler(SIGUSR1, note_order, 0);
  // Handlers block everything, so that the order of entry is the order of delivery.
  struct sigaction action;
  for (int signal = 1; signal <= 64; signal++) {
    if (sigaction(signal, NULL, &action) || action.sa_sigaction != note_order) continue;
    sigfillset(&action.sa_mask);
    MUST(sigaction(signal, &action, NULL));
  }
  sigfillset(&all);
  MUST(sigprocmask(SIG_BLOCK, &all, &old));
  for (int i = 2; i >= 0; i--) MUST(queue_value(getpid(), base + i, i));
  kill(getpid(), SIGUSR2);
  kill(getpid(), SIGUSR1);
  MUST(sigprocmask(SIG_SETMASK, &old, NULL));
  for (int i = 0; i < order_count; i++)
    say("%d", order[i] / 100 >= base ? order[i] / 100 - base + 1000 : order[i] / 100);
}

CASE(synchronous_wait_takes_lowest_first) {
  sigset_t set = set_of(SIGRTMIN + 1);
  siginfo_t info;
  sigaddset(&set, SIGRTMIN);
  sigaddset(&set, SIGUSR1);
  MUST(sigprocmask(SIG_BLOCK, &set, NULL));
  MUST(queue_value(getpid(), SIGRTMIN + 1, 1));
  MUST(queue_value(getpid(), SIGRTMIN, 2));
  MUST(queue_value(getpid(), SIGRTMIN, 3));
  kill(getpid(), SIGUSR1);
  for (int i = 0; i < 4; i++) {
    int signal = sigwaitinfo(&set, &info);
    say("%d code %d value %d", signal >= SIGRTMIN ? 1000 + signal - SIGRTMIN : signal, info.si_code,
        signal >= SIGRTMIN ? info.si_value.sival_int : 0);
  }
  struct timespec none = {0, 0};
  CHECK_ERR(sigtimedwait(&set, &info, &none), EAGAIN);
}

CASE(timed_wait_ends) {
  sigset_t set = set_of(SIGUSR1);
  struct timespec time = {0, 20000000}, bad = {0, -1};
  MUST(sigprocmask(SIG_BLOCK, &set, NULL));
  CHECK_ERR(sigtimedwait(&set, NULL, &time), EAGAIN);
  CHECK_ERR(sigtimedwait(&set, NULL, &bad), EINVAL);
  CHECK_ERR(syscall(SYS_rt_sigtimedwait, &set, NULL, &time, 4), EINVAL);
  CHECK_ERR(syscall(SYS_rt_sigtimedwait, (void*)16, NULL, &time, 8), EFAULT);
  say("EAGAIN");
}

CASE(sigwait_sleeps_until_sent) {
  sigset_t set = set_of(SIGUSR1);
  siginfo_t info;
  MUST(sigprocmask(SIG_BLOCK, &set, NULL));
  poke_main(SIGUSR1);
  int signal = sigwaitinfo(&set, &info);
  CHECK_EQ(info.si_pid, getpid());
  say("signal %d, code %d", signal, info.si_code);
}

CASE(other_signal_interrupts_sigwaitinfo) {
  sigset_t set = set_of(SIGUSR1);
  MUST(sigprocmask(SIG_BLOCK, &set, NULL));
  set_handler(SIGUSR2, hit, SA_RESTART);
  poke_main(SIGUSR2);
  CHECK_ERR(syscall(SYS_rt_sigtimedwait, &set, NULL, NULL, 8), EINTR);  // musl repeats sigwaitinfo
  say("hits %d", hits);
}

CASE(kill_errors) {
  CHECK_ERR(kill(getpid(), 65), EINVAL);
  CHECK_ERR(kill(getpid(), -1), EINVAL);
  CHECK_ERR(kill(0x7ffffff0, 0), ESRCH);
  CHECK_EQ(kill(getpid(), 0), 0);
  CHECK_ERR(syscall(SYS_tgkill, getpid(), 0x7ffffff0, SIGUSR1), ESRCH);
  CHECK_ERR(syscall(SYS_tgkill, getpid() + 1000000, my_tid(), SIGUSR1), ESRCH);
  CHECK_ERR(syscall(SYS_tgkill, getpid(), 0, SIGUSR1), EINVAL);
  CHECK_ERR(syscall(SYS_tkill, -1, SIGUSR1), EINVAL);
  CHECK_EQ(syscall(SYS_tgkill, getpid(), my_tid(), 0), 0);
  say("as documented");
}

CASE(queue_with_a_made_up_info) {
  siginfo_t info;
  memset(&info, 0, sizeof info);
  info.si_code = SI_QUEUE;
  info.si_value.sival_int = 11;
  info.si_pid = 4242;
  set_info_handler(SIGUSR1, keep_info, 0);
  CHECK_EQ(syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, &info), 0);
  say("pid %d, value %d", last_info.si_pid, last_info.si_value.sival_int);
  info.si_code = SI_USER;
  CHECK_EQ(syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, &info), 0);
  say("code %d", last_info.si_code);
  info.si_code = -60;
  CHECK_EQ(syscall(SYS_rt_tgsigqueueinfo, getpid(), my_tid(), SIGUSR1, &info), 0);
  say("code %d, signal %d", last_info.si_code, last_info.si_signo);
}

CASE(info_of_others_cannot_be_forged) {
  siginfo_t info;
  memset(&info, 0, sizeof info);
  info.si_code = SI_USER;
  pid_t child = MUST(fork());
  if (child == 0) {
    for (;;) pause();
  }
  CHECK_ERR(syscall(SYS_rt_sigqueueinfo, child, SIGUSR1, &info), EPERM);
  info.si_code = SI_TKILL;
  CHECK_ERR(syscall(SYS_rt_sigqueueinfo, child, SIGUSR1, &info), EPERM);
  info.si_code = SI_QUEUE;
  CHECK_EQ(syscall(SYS_rt_sigqueueinfo, child, SIGUSR1, &info), 0);
  say_status("child", wait_for(child));
}

static int die_by(void* signal) {
  raise((int)(long)signal);
  return 1;
}

CASE(default_actions_of_all_signals) {
  for (int signal = 1; signal <= 64; signal++) {
    if ((signal >= 32 && signal < SIGRTMIN) || signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN ||
        signal == SIGTTOU)
      continue;
    if (signal == 36) signal = 63;
    char what[32];
    snprintf(what, sizeof what, "%d", signal);
    say_status(what, run_child(die_by, (void*)(long)signal));
  }
}

CASE(killed_by_default_TERM) { raise(SIGTERM); }
CASE(killed_by_default_RT) { raise(SIGRTMAX); }
CASE(killed_by_itself) { kill(getpid(), SIGKILL); }
CASE(aborts) { abort(); }

static void no_help(int signal) { say("handler of %d", signal); }
CASE(abort_survives_a_handler) {
  set_handler(SIGABRT, no_help, 0);
  abort();
}
CASE(abort_survives_ignoring_and_blocking) {
  set_handler(SIGABRT, SIG_IGN, 0);
  block_signal(SIGABRT);
  abort();
}

CASE(broken_pipe) {
  int ends[2];
  set_info_handler(SIGPIPE, keep_info, 0);
  MUST(pipe(ends));
  close(ends[0]);
  CHECK_ERR(write(ends[1], "x", 1), EPIPE);
  CHECK_EQ(last_info.si_pid, getpid());
  say("hits %d, code %d", hits, last_info.si_code);
  set_handler(SIGPIPE, SIG_IGN, 0);
  CHECK_ERR(write(ends[1], "x", 1), EPIPE);
  set_handler(SIGPIPE, SIG_DFL, 0);
  say("now fatal: %zd", write(ends[1], "x", 1));
}

static pthread_t main_thread;
static void where_am_i(int signal) {
  (void)signal;
  hits++;
  last_signal = pthread_equal(pthread_self(), main_thread) ? 1 : 2;
}

static void* only_open_thread(void* unused) {
  (void)unused;
  unblock_signal(SIGUSR1);
  wait_value(&hits, 1);
  return NULL;
}

CASE(process_signal_goes_to_an_open_thread) {
  pthread_t thread;
  main_thread = pthread_self();
  set_handler(SIGUSR1, where_am_i, 0);
  block_signal(SIGUSR1);
  if (pthread_create(&thread, NULL, only_open_thread, NULL)) abort();
  kill(getpid(), SIGUSR1);
  pthread_join(thread, NULL);
  say("delivered to %s", last_signal == 2 ? "thread" : "main");
}

static void* blocked_then_open(void* unused) {
  (void)unused;
  wait_value(&last_signal, 9);
  say("thread: pending %d", is_pending(SIGUSR1));
  return NULL;
}

CASE(thread_signal_stays_with_its_thread) {
  pthread_t thread;
  main_thread = pthread_self();
  set_handler(SIGUSR1, where_am_i, 0);
  block_signal(SIGUSR1);
  if (pthread_create(&thread, NULL, blocked_then_open, NULL)) abort();
  pthread_kill(pthread_self(), SIGUSR1);
  last_signal = 9;
  pthread_join(thread, NULL);
  say("main: pending %d", is_pending(SIGUSR1));
  unblock_signal(SIGUSR1);
  say("hits %d", hits);
}

static void* wait_for_usr1(void* unused) {
  (void)unused;
  sigset_t set = set_of(SIGUSR1);
  int signal = 0;
  last_signal = my_tid();
  CHECK_EQ(sigwait(&set, &signal), 0);
  return (void*)(long)signal;
}

CASE(sigwait_in_a_thread) {
  pthread_t thread;
  void* result;
  block_signal(SIGUSR1);
  if (pthread_create(&thread, NULL, wait_for_usr1, NULL)) abort();
  while (!last_signal) nap_ms(1);
  wait_asleep(last_signal);
  kill(getpid(), SIGUSR1);
  pthread_join(thread, &result);
  say("%ld", (long)result);
}

CASE(signalfd_reads) {
  sigset_t set = set_of(SIGUSR1);
  struct signalfd_siginfo infos[4];
  sigaddset(&set, SIGRTMIN);
  MUST(sigprocmask(SIG_BLOCK, &set, NULL));
  int fd = MUST(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  CHECK_ERR(read(fd, infos, sizeof infos), EAGAIN);
  CHECK_ERR(read(fd, infos, 16), EINVAL);
  MUST(queue_value(getpid(), SIGRTMIN, 8));
  MUST(queue_value(getpid(), SIGRTMIN, 9));
  kill(getpid(), SIGUSR1);
  struct pollfd poll_fd = {fd, POLLIN, 0};
  CHECK_EQ(poll(&poll_fd, 1, 0), 1);
  ssize_t size = read(fd, infos, sizeof infos);
  CHECK_EQ(size % sizeof infos[0], 0);
  for (int i = 0; i < (int)(size / sizeof infos[0]); i++) {
    CHECK_EQ(infos[i].ssi_pid, getpid());
    say("%d code %d value %d", infos[i].ssi_signo == SIGUSR1 ? 1 : 2, infos[i].ssi_code,
        infos[i].ssi_signo == SIGUSR1 ? 0 : infos[i].ssi_int);
  }
  say("pending %d", is_pending(SIGUSR1));
}

CASE(signalfd_changes_its_mask) {
  sigset_t set = set_of(SIGUSR1), both = set_of(SIGUSR1);
  struct signalfd_siginfo info;
  sigaddset(&both, SIGUSR2);
  MUST(sigprocmask(SIG_BLOCK, &both, NULL));
  int fd = MUST(signalfd(-1, &set, SFD_NONBLOCK));
  kill(getpid(), SIGUSR2);
  CHECK_ERR(read(fd, &info, sizeof info), EAGAIN);
  CHECK_EQ(signalfd(fd, &both, 0), fd);
  CHECK_EQ(read(fd, &info, sizeof info), sizeof info);
  say("%d", info.ssi_signo);
  CHECK_ERR(signalfd(0, &set, 0), EINVAL);
  CHECK_ERR(signalfd(-1, &set, 1), EINVAL);
}

CASE(signalfd_blocks_and_wakes) {
  sigset_t set = set_of(SIGUSR1);
  struct signalfd_siginfo info;
  MUST(sigprocmask(SIG_BLOCK, &set, NULL));
  int fd = MUST(signalfd(-1, &set, 0));
  poke_main(SIGUSR1);
  CHECK_EQ(read(fd, &info, sizeof info), sizeof info);
  say("%d", info.ssi_signo);
  int epoll = MUST(epoll_create1(0));
  struct epoll_event event = {.events = EPOLLIN};
  MUST(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
  kill(getpid(), SIGUSR1);
  say("epoll %d", epoll_wait(epoll, &event, 1, 5000));
}

CASE(pending_limit) {
  struct rlimit limit = {4, 4};
  block_signal(SIGRTMIN);
  MUST(setrlimit(RLIMIT_SIGPENDING, &limit));
  int sent = 0;
  while (sent < 20 && queue_value(getpid(), SIGRTMIN, sent) == 0) sent++;
  // How many fit depends on what other processes of this user have queued.
  say("bounded %d, errno %d", sent <= 4, errno);
}

CASE(ppoll_mask_is_atomic) {
  sigset_t open_set = set_of(0);
  struct timespec far = {20, 0};
  set_handler(SIGUSR1, hit, 0);
  block_signal(SIGUSR1);
  kill(getpid(), SIGUSR1);
  CHECK_ERR(ppoll(NULL, 0, &far, &open_set), EINTR);
  say("hits %d, blocked again %d", hits, is_blocked(SIGUSR1));
  kill(getpid(), SIGUSR1);
  int epoll = MUST(epoll_create1(0));
  struct epoll_event event;
  CHECK_ERR(epoll_pwait(epoll, &event, 1, 20000, &open_set), EINTR);
  say("hits %d, blocked again %d", hits, is_blocked(SIGUSR1));
  kill(getpid(), SIGUSR1);
  CHECK_ERR(pselect(0, NULL, NULL, NULL, &far, &open_set), EINTR);
  say("hits %d, blocked again %d", hits, is_blocked(SIGUSR1));
}

CASE(ppoll_mask_can_block) {
  sigset_t closed = set_of(SIGUSR1);
  struct timespec soon = {0, 60000000};
  set_handler(SIGUSR1, hit, 0);
  poke_main(SIGUSR1);
  CHECK_EQ(ppoll(NULL, 0, &soon, &closed), 0);
  say("hits %d", hits);
}
