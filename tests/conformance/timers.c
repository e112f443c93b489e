// Clocks, sleeping, and the timers that signal: setitimer, alarm, timer_create, timerfd.
#include "tests/conformance/case.h"

#include <poll.h>
#include <pthread.h>
#include <sys/time.h>
#include <sys/timerfd.h>

static volatile int hits, last_signal;
static siginfo_t last;
static volatile int last_tid;
static void keep(int signal, siginfo_t* info, void* context) {
  (void)context;
  hits++;
  last_signal = signal;
  last_tid = my_tid();
  memcpy(&last, info, sizeof last);
}

static struct itimerspec ms_timer(long first, long interval) {
  struct itimerspec time = {{interval / 1000, interval % 1000 * 1000000}, {first / 1000, first % 1000 * 1000000}};
  return time;
}

static void wait_hits(int count) {
  for (int turns = 0; hits < count && turns < 10000; turns++) nap_ms(1);
  CHECK(hits >= count);
}

CASE(clocks_advance) {
  clockid_t clocks[] = {CLOCK_REALTIME,        CLOCK_MONOTONIC,        CLOCK_BOOTTIME, CLOCK_MONOTONIC_RAW,
                        CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE, CLOCK_TAI};
  struct timespec before, after, resolution;
  for (int i = 0; i < 7; i++) {
    CHECK_EQ(clock_gettime(clocks[i], &before), 0);
    nap_ms(12);
    CHECK_EQ(clock_gettime(clocks[i], &after), 0);
    long long ns = (after.tv_sec - before.tv_sec) * 1000000000LL + after.tv_nsec - before.tv_nsec;
    CHECK(ns >= 4000000);
    CHECK_EQ(clock_getres(clocks[i], &resolution), 0);
    CHECK(resolution.tv_sec == 0 && resolution.tv_nsec > 0);
  }
  CHECK_ERR(clock_gettime(99, &before), EINVAL);
  CHECK_ERR(syscall(SYS_clock_gettime, CLOCK_REALTIME, (void*)16), EFAULT);
  say("advanced");
}

CASE(monotonic_never_goes_back) {
  struct timespec a, b;
  clock_gettime(CLOCK_MONOTONIC, &a);
  for (int i = 0; i < 100000; i++) {
    clock_gettime(CLOCK_MONOTONIC, &b);
    if (b.tv_sec < a.tv_sec || (b.tv_sec == a.tv_sec && b.tv_nsec < a.tv_nsec)) say("CHECK failed: back");
    a = b;
  }
  say("never");
}

static void* read_clock(void* other) {
  volatile struct timespec* theirs = (volatile struct timespec*)other;
  long bad = 0;
  for (int i = 0; i < 20000; i++) {
    struct timespec seen = {theirs->tv_sec, theirs->tv_nsec}, now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    bad += seen.tv_sec > now.tv_sec;
  }
  return (void*)bad;
}
CASE(clocks_agree_between_threads) {
  pthread_t thread;
  struct timespec shared;
  void* bad;
  clock_gettime(CLOCK_MONOTONIC, &shared);
  if (pthread_create(&thread, NULL, read_clock, &shared)) abort();
  for (int i = 0; i < 20000; i++) clock_gettime(CLOCK_MONOTONIC, &shared);
  pthread_join(thread, &bad);
  say("ahead %ld", (long)bad);
}

CASE(vdso_and_system_call_agree) {
  struct timespec by_vdso, by_call, again;
  for (int i = 0; i < 200; i++) {
    clock_gettime(CLOCK_MONOTONIC, &by_vdso);
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &by_call);
    clock_gettime(CLOCK_MONOTONIC, &again);
    long long a = by_vdso.tv_sec * 1000000000LL + by_vdso.tv_nsec, b = by_call.tv_sec * 1000000000LL + by_call.tv_nsec,
              c = again.tv_sec * 1000000000LL + again.tv_nsec;
    if (a > b || b > c) say("CHECK failed: %lld %lld", b - a, c - b);
  }
  struct timeval day;
  gettimeofday(&day, NULL);
  CHECK(labs(time(NULL) - day.tv_sec) <= 1);
  say("in order");
}

CASE(sleeping) {
  struct timespec bad = {0, 1000000000}, time = {0, 20000000}, end;
  long long before = now_ms(CLOCK_MONOTONIC);
  CHECK_EQ(nanosleep(&time, NULL), 0);
  CHECK(now_ms(CLOCK_MONOTONIC) - before >= 19);
  CHECK_ERR(nanosleep(&bad, NULL), EINVAL);
  CHECK_ERR(syscall(SYS_nanosleep, 16, NULL), EFAULT);
  clock_gettime(CLOCK_MONOTONIC, &end);
  end.tv_sec -= 1;
  CHECK_EQ(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL), 0);
  CHECK_EQ(clock_nanosleep(CLOCK_REALTIME, 0, &time, NULL), 0);
  CHECK_EQ(clock_nanosleep(77, 0, &time, NULL), EINVAL);
  CHECK_EQ(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &time, NULL), EINVAL);
  say("as documented");
}

CASE(real_itimer) {
  struct itimerval timer = {{0, 20000}, {0, 20000}}, old;
  set_info_handler(SIGALRM, keep, SA_RESTART);
  MUST(setitimer(ITIMER_REAL, &timer, NULL));
  wait_hits(3);
  MUST(getitimer(ITIMER_REAL, &old));
  say("interval %ld, code %d", (long)old.it_interval.tv_usec, last.si_code);
  memset(&timer, 0, sizeof timer);
  MUST(setitimer(ITIMER_REAL, &timer, &old));
  say("old interval %ld", (long)old.it_interval.tv_usec);
  int now = hits;
  nap_ms(50);
  say("stopped %d", hits == now);
  timer.it_value.tv_usec = 2000000;
  CHECK_ERR(setitimer(ITIMER_REAL, &timer, NULL), EINVAL);
  CHECK_ERR(syscall(SYS_setitimer, 9, &old, NULL), EINVAL);
}

static void burn_until(int count) {
  long long start = now_ms(CLOCK_PROCESS_CPUTIME_ID);
  while (hits < count && now_ms(CLOCK_PROCESS_CPUTIME_ID) < start + 5000) {
  }
}

CASE(virtual_and_profiling_itimers) {
  struct itimerval timer = {{0, 10000}, {0, 10000}}, off = {{0, 0}, {0, 0}};
  set_info_handler(SIGVTALRM, keep, 0);
  set_info_handler(SIGPROF, keep, 0);
  MUST(setitimer(ITIMER_VIRTUAL, &timer, NULL));
  burn_until(2);
  MUST(setitimer(ITIMER_VIRTUAL, &off, NULL));
  say("signal %d, enough %d", last_signal, hits >= 2);
  hits = 0;
  MUST(setitimer(ITIMER_PROF, &timer, NULL));
  burn_until(2);
  MUST(setitimer(ITIMER_PROF, &off, NULL));
  say("signal %d, enough %d", last_signal, hits >= 2);
}

CASE(alarms) {
  set_info_handler(SIGALRM, keep, 0);
  CHECK_EQ(alarm(100), 0);
  CHECK_EQ(alarm(1), 100);
  CHECK_ERR(pause(), EINTR);
  say("hits %d, code %d", hits, last.si_code);
  CHECK_EQ(alarm(50), 0);
  CHECK_EQ(alarm(0), 50);
}

CASE(alarm_kills) {
  struct itimerval timer = {{0, 0}, {0, 10000}};
  MUST(setitimer(ITIMER_REAL, &timer, NULL));
  for (;;) pause();
}

static int kernel_timer(clockid_t clock, int notify, int signal, int value, int tid) {
  struct sigevent event;
  int timer = -1;
  memset(&event, 0, sizeof event);
  event.sigev_notify = notify;
  event.sigev_signo = signal;
  event.sigev_value.sival_int = value;
  memcpy((char*)&event + 16, &tid, sizeof tid);  // sigev_notify_thread_id
  MUST(syscall(SYS_timer_create, clock, &event, &timer));
  return timer;
}

CASE(timer_signals_with_a_value) {
  timer_t timer;
  struct sigevent event;
  struct itimerspec time = ms_timer(10, 0), left;
  memset(&event, 0, sizeof event);
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGRTMIN;
  event.sigev_value.sival_int = 99;
  set_info_handler(SIGRTMIN, keep, 0);
  MUST(timer_create(CLOCK_MONOTONIC, &event, &timer));
  MUST(timer_settime(timer, 0, &time, NULL));
  wait_hits(1);
  say("code %d, value %d, overrun %d", last.si_code, last.si_value.sival_int, timer_getoverrun(timer));
  MUST(timer_gettime(timer, &left));
  say("left %ld", (long)(left.it_value.tv_sec + left.it_value.tv_nsec));
  MUST(timer_delete(timer));
}

CASE(timer_of_default_kind) {
  timer_t timer;
  struct itimerspec time = ms_timer(10, 0);
  set_info_handler(SIGALRM, keep, 0);
  MUST(timer_create(CLOCK_REALTIME, NULL, &timer));
  MUST(timer_settime(timer, 0, &time, NULL));
  wait_hits(1);
  say("signal %d, code %d", last_signal, last.si_code);
}

static volatile int overrun_timer, most_overrun, most_reported;
static void keep_most_overrun(int signal, siginfo_t* info, void* context) {
  (void)signal, (void)context;
  hits++;
  if (info->si_overrun < most_overrun) return;
  most_overrun = info->si_overrun;
  most_reported = (int)syscall(SYS_timer_getoverrun, overrun_timer);
}

CASE(timer_overruns) {
  set_info_handler(SIGUSR1, keep_most_overrun, 0);
  int timer = overrun_timer = kernel_timer(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 1, 0);
  struct itimerspec time = ms_timer(1, 1), off = ms_timer(0, 0);
  block_signal(SIGUSR1);
  MUST(syscall(SYS_timer_settime, timer, 0, &time, NULL));
  nap_ms(60);
  MUST(syscall(SYS_timer_settime, timer, 0, &off, NULL) + 0);
  unblock_signal(SIGUSR1);
  say("hits at most one %d", hits <= 1);
  MUST(syscall(SYS_timer_settime, timer, 0, &time, NULL));
  block_signal(SIGUSR1);
  most_overrun = 0;
  nap_ms(60);
  unblock_signal(SIGUSR1);
  MUST(syscall(SYS_timer_delete, timer));
  say("overran %d, reported the same %d", most_overrun > 5, most_overrun == most_reported);
}

CASE(timer_without_notification) {
  int timer = kernel_timer(CLOCK_MONOTONIC, SIGEV_NONE, 0, 0, 0);
  struct itimerspec time = ms_timer(50000, 0), left;
  MUST(syscall(SYS_timer_settime, timer, 0, &time, NULL));
  MUST(syscall(SYS_timer_gettime, timer, &left));
  CHECK(left.it_value.tv_sec >= 40 && left.it_value.tv_sec <= 50);
  time = ms_timer(0, 0);
  struct itimerspec old;
  MUST(syscall(SYS_timer_settime, timer, 0, &time, &old));
  CHECK(old.it_value.tv_sec >= 40);
  MUST(syscall(SYS_timer_delete, timer));
  CHECK_ERR(syscall(SYS_timer_gettime, timer, &left), EINVAL);
  CHECK_ERR(syscall(SYS_timer_create, 99, NULL, &timer), EINVAL);
  say("as documented");
}

static volatile int thread_tid;
static void* wait_for_timer(void* unused) {
  thread_tid = my_tid();
  wait_hits(1);
  return unused;
}

CASE(timer_for_one_thread) {
  pthread_t thread;
  set_info_handler(SIGUSR1, keep, SA_RESTART);
  if (pthread_create(&thread, NULL, wait_for_timer, NULL)) abort();
  while (!thread_tid) nap_ms(1);
  int timer = kernel_timer(CLOCK_MONOTONIC, 4, SIGUSR1, 5, thread_tid);  // SIGEV_THREAD_ID
  struct itimerspec time = ms_timer(10, 0);
  MUST(syscall(SYS_timer_settime, timer, 0, &time, NULL));
  pthread_join(thread, NULL);
  say("in the thread %d, value %d", last_tid == thread_tid, last.si_value.sival_int);
}

CASE(absolute_timer) {
  int timer = kernel_timer(CLOCK_REALTIME, SIGEV_SIGNAL, SIGUSR1, 1, 0);
  struct itimerspec time;
  memset(&time, 0, sizeof time);
  set_info_handler(SIGUSR1, keep, 0);
  clock_gettime(CLOCK_REALTIME, &time.it_value);
  time.it_value.tv_sec -= 5;
  MUST(syscall(SYS_timer_settime, timer, TIMER_ABSTIME, &time, NULL));
  wait_hits(1);
  say("fired at once");
}

CASE(cpu_time_timer) {
  int timer = kernel_timer(CLOCK_PROCESS_CPUTIME_ID, SIGEV_SIGNAL, SIGUSR1, 1, 0);
  struct itimerspec time = ms_timer(20, 0);
  set_info_handler(SIGUSR1, keep, 0);
  MUST(syscall(SYS_timer_settime, timer, 0, &time, NULL));
  burn_until(1);
  say("hits %d", hits);
}

static void in_thread(union sigval value) { hits = value.sival_int; }
CASE(timer_calls_a_function) {
  timer_t timer;
  struct sigevent event;
  struct itimerspec time = ms_timer(10, 0);
  memset(&event, 0, sizeof event);
  event.sigev_notify = SIGEV_THREAD;
  event.sigev_notify_function = in_thread;
  event.sigev_value.sival_int = 31;
  MUST(timer_create(CLOCK_MONOTONIC, &event, &timer));
  MUST(timer_settime(timer, 0, &time, NULL));
  wait_value(&hits, 31);
  say("%d", hits);
  MUST(timer_delete(timer));
}

static int timers_in_child(void* timer) {
  struct itimerspec left;
  return syscall(SYS_timer_gettime, (int)(long)timer, &left) == -1 ? errno : 0;
}
CASE(timers_are_not_inherited) {
  int timer = kernel_timer(CLOCK_MONOTONIC, SIGEV_NONE, 0, 0, 0);
  say_status("child", run_child(timers_in_child, (void*)(long)timer));
}

CASE(timerfd_forms) {
  uint64_t count = 0;
  int fd = MUST(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  struct itimerspec time = ms_timer(5, 5), left;
  CHECK_ERR(read(fd, &count, 8), EAGAIN);
  MUST(timerfd_settime(fd, 0, &time, NULL));
  struct pollfd poll_fd = {fd, POLLIN, 0};
  CHECK_EQ(poll(&poll_fd, 1, 5000), 1);
  nap_ms(30);
  CHECK_EQ(read(fd, &count, 8), 8);
  MUST(timerfd_gettime(fd, &left));
  say("several %d, interval %ld", count >= 4, (long)left.it_interval.tv_nsec);
  CHECK_ERR(read(fd, &count, 4), EINVAL);
  clock_gettime(CLOCK_MONOTONIC, &time.it_value);
  time.it_value.tv_sec -= 1;
  time.it_interval.tv_nsec = 0;
  MUST(timerfd_settime(fd, TFD_TIMER_ABSTIME, &time, NULL));
  CHECK_EQ(read(fd, &count, 8), 8);
  say("%d", (int)count);
  CHECK_ERR(timerfd_create(99, 0), EINVAL);
  CHECK_ERR(timerfd_settime(0, 0, &time, NULL), EINVAL);
}

CASE(cpu_clocks) {
  struct timespec time;
  long long start = now_ms(CLOCK_PROCESS_CPUTIME_ID), wall = now_ms(CLOCK_MONOTONIC);
  nap_ms(40);
  CHECK(now_ms(CLOCK_PROCESS_CPUTIME_ID) - start < 30);
  while (now_ms(CLOCK_PROCESS_CPUTIME_ID) < start + 30 && now_ms(CLOCK_MONOTONIC) < wall + 20000) {
  }
  CHECK(now_ms(CLOCK_THREAD_CPUTIME_ID) >= 20);
  clockid_t clock;
  CHECK_EQ(clock_getcpuclockid(0, &clock), 0);
  CHECK_EQ(clock_gettime(clock, &time), 0);
  CHECK(clock_getcpuclockid(0x7ffffff0, &clock) != 0);
  say("counted");
}
