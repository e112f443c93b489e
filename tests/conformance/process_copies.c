// What a forked child has of its parent: memory, ids, descriptors, signals, timers, limits, locks, registers.
#include "tests/conformance/process.h"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/time.h>

static int data = 1;
static int change_memory(void* heap) {
  data = 2;
  *(int*)heap = 2;
  return data + *(int*)heap;
}

CASE(memory_is_private) {
  int* heap = (int*)malloc(4);
  *heap = 1;
  say_status("child", run_child(change_memory, heap));
  say("%d %d", data, *heap);
}

static int add_to_shared(void* shared) {
  for (int i = 0; i < 10000; i++) __atomic_add_fetch((int*)shared, 1, __ATOMIC_SEQ_CST);
  return 0;
}

CASE(shared_memory_is_shared) {
  int* shared = (int*)shared_memory(PAGE);
  pid_t children[3];
  for (int i = 0; i < 3; i++) children[i] = start_child(add_to_shared, shared);
  for (int i = 0; i < 3; i++) wait_for(children[i]);
  say("%d", *shared);
}

static int read_two(void* fd) {
  char bytes[2];
  return read((int)(long)fd, bytes, 2) == 2 ? bytes[0] : 0;
}

CASE(file_offset_is_shared) {
  char byte;
  int fd = make_file("data", "ABCDEF", 6, 0600);
  MUST(lseek(fd, 1, SEEK_SET));
  say_status("child", run_child(read_two, (void*)(long)fd));
  MUST(read(fd, &byte, 1));
  say("%c", byte);
}

static void* fork_and_wait(void* unused) {
  for (long i = 0; i < 10; i++) {
    if (WEXITSTATUS(run_child(return_value, (void*)i)) != i) say("CHECK failed: child %ld", i);
  }
  return unused;
}
CASE(threads_fork_at_once) {
  pthread_t threads[3];
  for (int i = 0; i < 3; i++)
    if (pthread_create(&threads[i], NULL, fork_and_wait, NULL)) abort();
  for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
  say("thirty children");
}

static void fork_in_handler(int signal) {
  (void)signal;
  pid_t pid = fork();
  if (pid == 0) return;
  say_status("child", wait_for(pid));
  hits = 1;
}
CASE(fork_in_a_handler) {
  set_handler(SIGUSR1, fork_in_handler, 0);
  raise(SIGUSR1);
  if (!hits) {
    say("child: blocked %d", is_blocked(SIGUSR1));
    _exit(8);
  }
}

static int inherited(void* unused) {
  (void)unused;
  struct sigaction action;
  MUST(sigaction(SIGUSR1, NULL, &action));
  say("handler %d, TERM ignored %d, blocked %d, pending %d", action.sa_handler == hit,
      signal(SIGTERM, SIG_DFL) == SIG_IGN, is_blocked(SIGUSR2), is_pending(SIGUSR2));
  raise(SIGUSR1);
  return hits;
}
CASE(signal_state_over_fork) {
  set_handler(SIGUSR1, hit, 0);
  set_handler(SIGTERM, SIG_IGN, 0);
  block_signal(SIGUSR2);
  raise(SIGUSR2);
  say_status("child", run_child(inherited, NULL));
  say("pending %d", is_pending(SIGUSR2));
}

static int alarms_in_child(void* unused) {
  (void)unused;
  struct itimerval timer;
  getitimer(ITIMER_REAL, &timer);
  return alarm(0) == 0 && timer.it_value.tv_sec == 0 ? 1 : 2;
}
CASE(timers_are_not_inherited) {
  alarm(50);
  say_status("child", run_child(alarms_in_child, NULL));
  say("still set %d", alarm(0) > 0);
}

static int limits_in_child(void* unused) {
  (void)unused;
  struct rlimit limit;
  MUST(getrlimit(RLIMIT_NOFILE, &limit));
  say("NOFILE %ld %ld, nice %d, umask %o", (long)limit.rlim_cur, (long)limit.rlim_max, getpriority(PRIO_PROCESS, 0),
      umask(0));
  limit.rlim_cur = 50;
  return setrlimit(RLIMIT_NOFILE, &limit);
}
CASE(attributes_over_fork) {
  struct rlimit limit = {100, 200};
  MUST(setrlimit(RLIMIT_NOFILE, &limit));
  MUST(setpriority(PRIO_PROCESS, 0, 7));
  umask(0137);
  say_status("child", run_child(limits_in_child, NULL));
  limits_in_child(NULL);
}

static int lock_state(void* fd) {
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  MUST(fcntl((int)(long)fd, F_GETLK, &lock));
  return lock.l_type == F_WRLCK ? 1 : 2;
}
CASE(record_locks_are_not_inherited) {
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  int fd = make_file("lock", "", 0, 0600);
  MUST(fcntl(fd, F_SETLK, &lock));
  say_status("held by the parent", run_child(lock_state, (void*)(long)fd));
}

static int kill_the_group_member(void* pid) { return kill((pid_t)(long)pid, SIGUSR1) ? errno : 0; }
CASE(child_signals_its_parent) {
  set_info_handler(SIGUSR1, keep, SA_RESTART);
  pid_t pid = start_child(kill_the_group_member, (void*)(long)getpid());
  say_status("child", wait_for(pid));
  CHECK_EQ(last.si_pid, pid);
  say("hits %d, code %d", hits, last.si_code);
}

static int become_nobody(void* pid) {
  MUST(setresuid(65534, 65534, 65534));
  CHECK_ERR(kill((pid_t)(long)pid, 0), EPERM);
  CHECK_ERR(setuid(0), EPERM);
  return getuid() == 65534 ? 0 : 1;
}
CASE(other_users_cannot_signal) {
  if (getuid() != 0) return say("child: exited with 0");
  say_status("child", run_child(become_nobody, (void*)(long)getpid()));
}

static int use_big_copy(void* memory) {
  char* bytes = (char*)memory;
  long sum = 0;
  for (long i = 0; i < 16 << 20; i += PAGE) {
    sum += bytes[i];
    bytes[i] = 9;
  }
  return sum == (16 << 20) / (long)PAGE ? 0 : 1;
}
CASE(big_memory_is_copied_on_write) {
  char* bytes = private_memory(16 << 20, PROT_READ | PROT_WRITE);
  for (long i = 0; i < 16 << 20; i += PAGE) bytes[i] = 1;
  pid_t first = start_child(use_big_copy, bytes), second = start_child(use_big_copy, bytes);
  for (long i = 0; i < 16 << 20; i += PAGE) bytes[i] = 5;
  say_status("first", wait_for(first));
  say_status("second", wait_for(second));
  say("%d", bytes[8 << 20]);
}

static int float_state(void* unused) {
  (void)unused;
  unsigned mxcsr;
  __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
  return mxcsr == 0x7f80 ? 0 : 1;
}
CASE(float_state_over_fork) {
  unsigned mxcsr = 0x7f80;
  __asm__ volatile("ldmxcsr %0" ::"m"(mxcsr));
  say_status("child", run_child(float_state, NULL));
}
