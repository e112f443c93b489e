// Exec: what of a process stays, what is replaced, and what becomes of its threads.
#include "tests/conformance/case.h"

#include <pthread.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>

HELPER(descriptors) {
  for (int fd = 3; fd < 20; fd++) {
    int flags = fcntl(fd, F_GETFD);
    if (flags != -1) say("%d is open, flags %d", fd, flags);
  }
  char text[10] = "";
  say("read %zd: %s", read(5, text, 3), text);
}

CASE(close_on_exec) {
  int fd = make_file("data", "abcdef", 6, 0600);
  MUST(lseek(fd, 2, SEEK_SET));
  MUST(dup2(fd, 5));
  MUST(dup3(fd, 7, O_CLOEXEC));
  MUST(dup2(fd, 9));
  MUST(fcntl(9, F_SETFD, FD_CLOEXEC));
  MUST(fcntl(5, F_DUPFD, 11));
  exec_self("descriptors", NULL, NULL, NULL);
}

CASE(failed_exec_closes_nothing) {
  int fd = make_file("data", "", 0, 0600);
  close(make_file("text", "text", 4, 0700));
  char* arguments[] = {(char*)"name", NULL};
  CHECK_ERR(execv("text", arguments), ENOEXEC);
  say("open %d", fcntl(fd, F_GETFD) == FD_CLOEXEC);
}

static void hit(int signal) { (void)signal; }

HELPER(signals) {
  struct sigaction action;
  stack_t stack;
  MUST(sigaction(SIGUSR1, NULL, &action));
  say("handler became default %d", action.sa_handler == SIG_DFL);
  MUST(sigaction(SIGTERM, NULL, &action));
  say("ignored stays %d", action.sa_handler == SIG_IGN);
  MUST(sigaltstack(NULL, &stack));
  say("blocked %d, pending %d, altstack flags %d", is_blocked(SIGUSR2), is_pending(SIGUSR2), stack.ss_flags);
  siginfo_t info;
  sigset_t set = set_of(SIGRTMIN);
  for (int i = 0; i < 2; i++) {
    CHECK_EQ(sigwaitinfo(&set, &info), SIGRTMIN);
    say("value %d", info.si_value.sival_int);
  }
}

CASE(signal_state) {
  static char memory[65536];
  stack_t stack;
  memset(&stack, 0, sizeof stack);
  stack.ss_sp = memory;
  stack.ss_size = sizeof memory;
  MUST(sigaltstack(&stack, NULL));
  set_handler(SIGUSR1, hit, 0);
  set_handler(SIGTERM, SIG_IGN, 0);
  block_signal(SIGUSR2);
  block_signal(SIGRTMIN);
  raise(SIGUSR2);
  union sigval value;
  for (value.sival_ptr = NULL, value.sival_int = 1; value.sival_int < 3; value.sival_int++)
    MUST(sigqueue(getpid(), SIGRTMIN, value));
  exec_self("signals", NULL, NULL, NULL);
}

HELPER(timers) {
  struct itimerval timer;
  MUST(getitimer(ITIMER_REAL, &timer));
  say("alarm kept %d, pid kept %d", timer.it_value.tv_sec > 0, getpid() == atoi(argv[2]));
  struct itimerspec left;
  CHECK_ERR(syscall(SYS_timer_gettime, 0, &left), EINVAL);
}

CASE(timers_and_pid) {
  char text[20];
  snprintf(text, sizeof text, "%d", (int)getpid());
  struct sigevent event;
  memset(&event, 0, sizeof event);
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGUSR1;
  int timer;
  MUST(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer));
  alarm(60);
  exec_self("timers", text, NULL, NULL);
}

HELPER(attributes) {
  struct rlimit limit;
  char name[32] = "", cwd[4096];
  prctl(PR_GET_NAME, name);
  MUST(getrlimit(RLIMIT_NOFILE, &limit));
  int death_signal = -1;
  prctl(PR_GET_PDEATHSIG, &death_signal);
  say("comm %.11s, NOFILE %ld %ld, nice %d, death signal %d", name, (long)limit.rlim_cur, (long)limit.rlim_max,
      getpriority(PRIO_PROCESS, 0), death_signal);
  say("umask %o, in %s", umask(0), strrchr(getcwd(cwd, sizeof cwd), '/'));
  cpu_set_t set;
  MUST(sched_getaffinity(0, sizeof set, &set));
  say("one CPU %d, no new privileges %d", CPU_COUNT(&set), prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
}

CASE(attributes_kept) {
  struct rlimit limit = {90, 100};
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(0, &set);
  MUST(sched_setaffinity(0, sizeof set, &set));
  MUST(setrlimit(RLIMIT_NOFILE, &limit));
  MUST(setpriority(PRIO_PROCESS, 0, 3));
  MUST(prctl(PR_SET_NAME, "before", 0, 0, 0));
  MUST(prctl(PR_SET_PDEATHSIG, SIGURG, 0, 0, 0));
  MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  umask(0246);
  MUST(mkdir("sub", 0700));
  MUST(chdir("sub"));
  MUST(symlink(own_path(), "renamed"));
  char* arguments[] = {(char*)"name", (char*)"attributes", NULL};
  execv("./renamed", arguments);
}

HELPER(lock_check) {
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  if (fork() == 0) {
    int fd = MUST(open("lock", O_RDWR));
    MUST(fcntl(fd, F_GETLK, &lock));
    say("record lock held %d, flock held %d", lock.l_type == F_WRLCK, flock(fd, LOCK_EX | LOCK_NB) == -1);
    _exit(0);
  }
  wait(NULL);
}

CASE(locks_kept) {
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  int fd = make_file("lock", "", 0, 0600);
  MUST(fcntl(fd, F_SETFD, 0));
  MUST(fcntl(fd, F_SETLK, &lock));
  MUST(flock(fd, LOCK_EX));
  exec_self("lock_check", NULL, NULL, NULL);
}

HELPER(vector) {
  char text[100] = "";
  say("page %lu, clock %lu, secure %lu, platform %s", getauxval(AT_PAGESZ), getauxval(AT_CLKTCK), getauxval(AT_SECURE),
      (char*)getauxval(AT_PLATFORM));
  const char* name = (const char*)getauxval(AT_EXECFN);
  say("execfn %s", name ? strrchr(name, '/') : "(null)");
  CHECK(getauxval(AT_RANDOM) && getauxval(AT_PHDR) && getauxval(AT_ENTRY) && getauxval(AT_PHNUM) > 3);
  CHECK_EQ(getauxval(AT_UID), getuid());
  CHECK(getauxval(AT_SYSINFO_EHDR) != 0);
  read_text("/proc/self/cmdline", text, sizeof text);
  say("cmdline %s %s", text, text + strlen(text) + 1);
  say("comm %s", read_text("/proc/self/comm", text, sizeof text));
}

CASE(auxiliary_vector) {
  char* arguments[] = {(char*)"zeroth", (char*)"vector", NULL};
  MUST(symlink(own_path(), "alias"));
  execv("./alias", arguments);
}

static void* exec_in_thread(void* unused) {
  (void)unused;
  char text[20];
  snprintf(text, sizeof text, "%d", (int)getpid());
  exec_self("after_thread", text, NULL, NULL);
  say("CHECK failed: errno %d", errno);
  return NULL;
}

HELPER(after_thread) {
  char text[4096];
  char* line = strstr(read_text("/proc/self/status", text, sizeof text), "Threads:");
  say("pid kept %d, tid is pid %d, threads %d", getpid() == atoi(argv[2]), my_tid() == getpid(),
      line ? atoi(line + 8) : -1);
}

static void* sleep_forever(void* unused) {
  for (;;) pause();
  return unused;
}

CASE(exec_in_a_thread) {
  pthread_t thread;
  for (int i = 0; i < 3; i++)
    if (pthread_create(&thread, NULL, sleep_forever, NULL)) abort();
  if (pthread_create(&thread, NULL, exec_in_thread, NULL)) abort();
  sleep_forever(NULL);
}

CASE(exec_in_main_with_threads) {
  pthread_t thread;
  for (int i = 0; i < 3; i++)
    if (pthread_create(&thread, NULL, sleep_forever, NULL)) abort();
  nap_ms(5);
  exec_in_thread(NULL);
}

static void* exec_after_leader(void* unused) {
  wait_state(getpid(), 'Z');
  return exec_in_thread(unused);
}

CASE(exec_after_the_leader_left) {
  pthread_t thread;
  own_path();  // /proc/self/exe cannot be read once the leader is gone
  if (pthread_create(&thread, NULL, exec_after_leader, NULL)) abort();
  pthread_exit(NULL);
}

HELPER(again) {
  int left = atoi(argv[2]);
  char text[20];
  if (left == 0) return say("end of the chain");
  snprintf(text, sizeof text, "%d", left - 1);
  exec_self("again", text, NULL, NULL);
}
CASE(chain_of_twenty) { exec_self("again", "20", NULL, NULL); }

static int exec_leave(void* status) { return exec_self("leave", (char*)status, NULL, NULL); }
CASE(child_executes) {
  say_status("child", run_child(exec_leave, (void*)"17"));
  pid_t pid = vfork();
  if (pid == 0) {
    exec_self("leave", "18", NULL, NULL);
    _exit(99);
  }
  say_status("child", wait_for(pid));
}

HELPER(float_and_break) {
  unsigned mxcsr;
  unsigned short control;
  __asm__ volatile("stmxcsr %0; fnstcw %1" : "=m"(mxcsr), "=m"(control));
  say("mxcsr %x, control word %x", mxcsr, control);
}
CASE(float_state_is_reset) {
  unsigned mxcsr = 0x7f80;
  short control = 0x27f;
  __asm__ volatile("ldmxcsr %0; fldcw %1" ::"m"(mxcsr), "m"(control));
  exec_self("float_and_break", NULL, NULL, NULL);
}

HELPER(memory_gone) {
  unsigned char vector;
  char* address = (char*)strtoul(argv[2], NULL, 16);
  CHECK_ERR(mincore(address, PAGE, &vector), ENOMEM);
  say("unmapped");
}
CASE(memory_is_replaced) {
  char text[32];
  char* address = (char*)0x123450000000;
  MUST(mmap(address, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
  snprintf(text, sizeof text, "%lx", (unsigned long)address);
  exec_self("memory_gone", text, NULL, NULL);
}

HELPER(stack_limit) {
  struct rlimit limit;
  MUST(getrlimit(RLIMIT_STACK, &limit));
  say("%ld", (long)limit.rlim_cur);
  char* block = (char*)alloca(12 << 20);
  memset(block, 1, 12 << 20);
  say("%d", block[5 << 20]);
}
CASE(stack_limit_takes_effect) {
  struct rlimit limit;
  MUST(getrlimit(RLIMIT_STACK, &limit));
  limit.rlim_cur = 16 << 20;
  MUST(setrlimit(RLIMIT_STACK, &limit));
  exec_self("stack_limit", NULL, NULL, NULL);
}
