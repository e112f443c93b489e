// Relations between processes: groups, sessions, terminals, orphans, death signals, resource limits.
#include "tests/conformance/case.h"

#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <termios.h>

static volatile int hits, last_signal;
static void hit(int signal) {
  hits++;
  last_signal = signal;
}

static int pause_forever(void* unused) {
  (void)unused;
  for (;;) pause();
  return 0;
}

CASE(process_groups) {
  CHECK_EQ(getpgrp(), getpid());  // the harness starts a session
  pid_t first = start_child(pause_forever, NULL), second = start_child(pause_forever, NULL);
  CHECK_EQ(getpgid(first), getpid());
  CHECK_EQ(setpgid(first, first), 0);
  CHECK_EQ(setpgid(second, first), 0);
  CHECK_EQ(getpgid(second), first);
  CHECK_ERR(setpgid(getpid(), 0), EPERM);
  CHECK_ERR(setpgid(first, -1), EINVAL);
  CHECK_ERR(setpgid(getppid(), 0), ESRCH);
  CHECK_ERR(setpgid(second, 0x7ffffff0), EPERM);
  CHECK_EQ(kill(-first, SIGTERM), 0);
  say_status("first", wait_for(first));
  say_status("second", wait_for(second));
  CHECK_ERR(kill(-first, 0), ESRCH);
}

static int kill_own_group(void* unused) {
  (void)unused;
  MUST(setpgid(0, 0));
  pid_t other = start_child(pause_forever, NULL);
  set_handler(SIGTERM, hit, 0);
  kill(0, SIGTERM);
  say_status("other", wait_for(other));
  return hits;
}
CASE(kill_own_group) { say_status("child", run_child(kill_own_group, NULL)); }

CASE(wait_for_a_group) {
  int status;
  pid_t first = start_child(pause_forever, NULL), second = start_child(pause_forever, NULL);
  MUST(setpgid(second, second));
  kill(first, SIGTERM);
  kill(second, SIGKILL);
  CHECK_EQ(waitpid(-second, &status, 0), second);
  say_status("second", status);
  CHECK_EQ(waitpid(0, &status, 0), first);
  say_status("first", status);
}

static int new_session(void* unused) {
  (void)unused;
  CHECK(getsid(0) != getpid());
  CHECK_EQ(setsid(), getpid());
  CHECK_EQ(getsid(0), getpid());
  CHECK_EQ(getpgrp(), getpid());
  CHECK_ERR(setsid(), EPERM);
  CHECK_ERR(open("/dev/tty", O_RDWR), ENXIO);
  return 0;
}
CASE(sessions) {
  CHECK_ERR(setsid(), EPERM);
  CHECK_ERR(getsid(0x7ffffff0), ESRCH);
  say_status("child", run_child(new_session, NULL));
}

static int orphan_parent(void* shared) {
  volatile int* words = (volatile int*)shared;
  pid_t pid = MUST(fork());
  if (pid) return 0;
  while (getppid() == words[1]) nap_ms(1);
  words[0] = getppid() == words[2] ? 1 : 2;
  _exit(23);
}

static int middle(void* shared) {
  ((volatile int*)shared)[1] = getpid();
  return orphan_parent(shared);
}

CASE(subreaper_adopts_orphans) {
  volatile int* words = (volatile int*)shared_memory(PAGE);
  int is = 0, status;
  words[2] = getpid();
  MUST(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
  MUST(prctl(PR_GET_CHILD_SUBREAPER, &is, 0, 0, 0));
  say("subreaper %d", is);
  say_status("child", run_child(middle, (void*)words));
  CHECK(waitpid(-1, &status, 0) > 0);
  say_status("orphan", status);
  say("adopted by %s", words[0] == 1 ? "the subreaper" : "another");
}

static int orphan_of_init(void* shared) {
  volatile int* words = (volatile int*)shared;
  pid_t pid = MUST(fork());
  if (pid) return 0;
  while (getppid() == words[1]) nap_ms(1);
  words[0] = 1;
  _exit(0);
}
static int middle_of_init(void* shared) {
  ((volatile int*)shared)[1] = getpid();
  return orphan_of_init(shared);
}
CASE(orphans_get_another_parent) {
  volatile int* words = (volatile int*)shared_memory(PAGE);
  say_status("child", run_child(middle_of_init, (void*)words));
  wait_value(words, 1);
  CHECK_ERR(waitpid(-1, NULL, 0), ECHILD);
  say("reparented");
}

static int die_with_parent(void* shared) {
  volatile int* words = (volatile int*)shared;
  pid_t pid = MUST(fork());
  if (pid == 0) {
    MUST(prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0));
    words[0] = getpid();
    pause_forever(NULL);
  }
  while (!words[0]) nap_ms(1);
  return 0;
}
CASE(death_signal) {
  volatile int* words = (volatile int*)shared_memory(PAGE);
  int status, set = -1;
  MUST(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
  say_status("child", run_child(die_with_parent, (void*)words));
  CHECK_EQ(waitpid(words[0], &status, 0), words[0]);
  say_status("grandchild", status);
  CHECK_ERR(prctl(PR_SET_PDEATHSIG, 99, 0, 0, 0), EINVAL);
  MUST(prctl(PR_SET_PDEATHSIG, SIGUSR1, 0, 0, 0));
  MUST(prctl(PR_GET_PDEATHSIG, &set, 0, 0, 0));
  say("set %d", set);
}

static int death_signal_of_child(void* unused) {
  (void)unused;
  int set = -1;
  prctl(PR_GET_PDEATHSIG, &set);
  return set;
}
CASE(death_signal_is_not_inherited) {
  MUST(prctl(PR_SET_PDEATHSIG, SIGUSR1, 0, 0, 0));
  say_status("child", run_child(death_signal_of_child, NULL));
}

static int master;
static void open_master(void) {
  master = MUST(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  MUST(grantpt(master));
  MUST(unlockpt(master));
}

// Makes the terminal the controlling one of a new session.
static int take_terminal(void) {
  MUST(setsid());
  int fd = MUST(open(ptsname(master), O_RDWR));
  MUST(ioctl(fd, TIOCSCTTY, 0));
  CHECK_EQ(tcgetpgrp(fd), getpgrp());
  CHECK_EQ(tcgetsid(fd), getpid());
  return fd;
}

static int wait_for_interrupt(void* ready) {
  take_terminal();
  set_handler(SIGINT, hit, 0);
  set_handler(SIGQUIT, hit, 0);
  *(volatile int*)ready = 1;
  while (!hits) nap_ms(1);
  return last_signal;
}

static void type_at(const char* keys, volatile int* ready) {
  open_master();
  *ready = 0;
  pid_t pid = start_child(wait_for_interrupt, (void*)ready);
  wait_value(ready, 1);
  MUST(write(master, keys, strlen(keys)));
  say_status("child", wait_for(pid));
}

CASE(terminal_sends_signals) {
  volatile int* ready = (volatile int*)shared_memory(PAGE);
  type_at("\3", ready);
  type_at("\34", ready);
}

static int read_in_background(void* terminal) {
  char byte;
  while (getpgrp() != getpid()) nap_ms(1);
  return read((int)(long)terminal, &byte, 1) == 1 ? 0 : 1;
}

static int job_control(void* unused) {
  (void)unused;
  int fd = take_terminal(), status;
  pid_t pid = start_child(read_in_background, (void*)(long)fd);
  MUST(setpgid(pid, pid));
  CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
  say_status("reader", status);
  MUST(tcsetpgrp(fd, pid));
  kill(-pid, SIGCONT);
  CHECK_EQ(waitpid(pid, &status, WCONTINUED), pid);
  say_status("reader", status);
  nap_ms(10);
  MUST(write(master, "x\n", 2));
  say_status("reader", wait_for(pid));
  set_handler(SIGTTOU, SIG_IGN, 0);
  MUST(tcsetpgrp(fd, getpgrp()));
  return 0;
}
CASE(job_control) {
  open_master();
  say_status("leader", run_child(job_control, NULL));
}

static int lose_terminal(void* ready) {
  take_terminal();
  close(master);
  set_handler(SIGHUP, hit, 0);
  *(volatile int*)ready = 1;
  while (!hits) nap_ms(1);
  return last_signal;
}
CASE(hangup_of_the_terminal) {
  volatile int* ready = (volatile int*)shared_memory(PAGE);
  open_master();
  pid_t pid = start_child(lose_terminal, (void*)ready);
  wait_value(ready, 1);
  close(master);
  say_status("child", wait_for(pid));
}

static int leave_a_stopped_group(void* shared) {
  volatile int* words = (volatile int*)shared;
  MUST(setsid());
  pid_t pid = MUST(fork());
  if (pid == 0) {
    MUST(setpgid(0, 0));
    words[0] = getpid();
    set_handler(SIGHUP, SIG_DFL, 0);
    pause_forever(NULL);
  }
  while (!words[0]) nap_ms(1);
  int status;
  kill(pid, SIGSTOP);
  MUST(waitpid(pid, &status, WUNTRACED));
  return 0;
}
CASE(orphaned_stopped_group_is_hung_up) {
  volatile int* words = (volatile int*)shared_memory(PAGE);
  int status;
  MUST(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
  say_status("child", run_child(leave_a_stopped_group, (void*)words));
  CHECK_EQ(waitpid(words[0], &status, 0), words[0]);
  say_status("stopped child", status);
}

static int stop_itself(void* signal) {
  raise((int)(long)signal);
  return 4;
}
CASE(stop_signals) {
  int signals[] = {SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU};
  for (int i = 0; i < 4; i++) {
    int status;
    pid_t pid = MUST(fork());
    if (pid == 0) {
      MUST(setpgid(0, 0));
      _exit(stop_itself((void*)(long)signals[i]));
    }
    CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
    say_status("child", status);
    CHECK_EQ(thread_state(pid, pid), 'T');
    kill(pid, SIGCONT);
    say_status("child", wait_for(pid));
  }
}

CASE(stopped_child_is_killed) {
  pid_t pid = start_child(stop_itself, (void*)SIGSTOP);
  int status;
  MUST(waitpid(pid, &status, WUNTRACED));
  kill(pid, SIGTERM);
  CHECK_EQ(waitpid(pid, &status, WNOHANG), 0);
  kill(pid, SIGKILL);
  say_status("child", wait_for(pid));
}

static int continue_handler(void* unused) {
  (void)unused;
  set_handler(SIGCONT, hit, 0);
  raise(SIGSTOP);
  return hits;
}
CASE(handler_of_cont) {
  pid_t pid = start_child(continue_handler, NULL);
  int status;
  MUST(waitpid(pid, &status, WUNTRACED));
  kill(pid, SIGCONT);
  say_status("child", wait_for(pid));
}

static int burn(void* unused) {
  (void)unused;
  struct rlimit limit = {1, 10};
  MUST(setrlimit(RLIMIT_CPU, &limit));
  set_handler(SIGXCPU, hit, 0);
  while (!hits) {
  }
  return last_signal;
}
CASE(cpu_limit) { say_status("child", run_child(burn, NULL)); }

CASE(file_size_limit) {
  struct rlimit limit = {10, 100};
  int fd = make_file("data", "", 0, 0600);
  MUST(setrlimit(RLIMIT_FSIZE, &limit));
  set_handler(SIGXFSZ, hit, 0);
  say("%zd", write(fd, "0123456789abc", 13));
  CHECK_ERR(write(fd, "x", 1), EFBIG);
  say("hits %d", hits);
  set_handler(SIGXFSZ, SIG_IGN, 0);
  CHECK_ERR(write(fd, "x", 1), EFBIG);
  set_handler(SIGXFSZ, SIG_DFL, 0);
  say("%zd", write(fd, "x", 1));
}

CASE(limit_calls) {
  struct rlimit limit = {20, 10};
  CHECK_ERR(setrlimit(RLIMIT_NOFILE, &limit), EINVAL);
  CHECK_ERR(setrlimit((__typeof__(RLIMIT_NOFILE))99, &limit), EINVAL);
  limit.rlim_cur = 10;
  CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  CHECK_EQ(prlimit(0, RLIMIT_NOFILE, NULL, &limit), 0);
  say("%ld %ld", (long)limit.rlim_cur, (long)limit.rlim_max);
}

static void limit_child(pid_t pid, __typeof__(RLIMIT_NOFILE) resource, const char* name) {
  struct rlimit wanted = {5, 6}, limit = {0, 0};
  int result = prlimit(pid, resource, &wanted, NULL);
  int error = result ? errno : 0;
  prlimit(pid, resource, NULL, &limit);
  say("%s: error %d, then 5 and 6: %d", name, error, limit.rlim_cur == 5 && limit.rlim_max == 6);
}

CASE(limits_of_a_child) {
  pid_t pid = start_child(pause_forever, NULL);
  limit_child(pid, RLIMIT_CPU, "CPU");
  limit_child(pid, RLIMIT_NOFILE, "NOFILE");
  limit_child(pid, RLIMIT_STACK, "STACK");
  kill(pid, SIGKILL);
  wait_for(pid);
}

CASE(process_limit) {
  if (getuid() != 0) return say("EAGAIN 1");
  pid_t pid = MUST(fork());
  if (pid == 0) {
    struct rlimit limit = {1, 1};
    MUST(setresuid(12345, 12345, 12345));
    MUST(setrlimit(RLIMIT_NPROC, &limit));
    pid_t more = fork();
    if (more == 0) _exit(0);
    say("EAGAIN %d", more == -1 && errno == EAGAIN);
    _exit(0);
  }
  wait_for(pid);
}
