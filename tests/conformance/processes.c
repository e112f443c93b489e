// Making processes and waiting for them: fork, vfork, clone, posix_spawn, wait4, waitid, pidfds, SIGCHLD.
#include "tests/conformance/process.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/times.h>

extern char** environ;
static int pause_forever(void* unused) {
  (void)unused;
  for (;;) pause();
  return 0;
}
static int kill_itself(void* signal) {
  raise((int)(long)signal);
  return 0;
}

CASE(exit_status) {
  int values[] = {0, 1, 127, 255, 256, 257, -1};
  for (int i = 0; i < 7; i++) say_status("child", run_child(return_value, (void*)(long)values[i]));
}

CASE(death_by_signal) {
  say_status("child", run_child(kill_itself, (void*)SIGKILL));
  say_status("child", run_child(kill_itself, (void*)SIGTERM));
  say_status("child", run_child(kill_itself, (void*)(long)SIGRTMAX));
}

static int ids_in_child(void* parent) {
  CHECK_EQ(getppid(), (long)parent);
  CHECK_EQ(getpid(), my_tid());
  CHECK_EQ(syscall(SYS_getpid), getpid());
  CHECK(getpid() != (long)parent);
  CHECK_EQ(getpgrp(), getpgid((pid_t)(long)parent));
  CHECK_EQ(getsid(0), getsid((pid_t)(long)parent));
  return 0;
}
CASE(ids) { say_status("child", run_child(ids_in_child, (void*)(long)getpid())); }

static int deeper(void* depth) {
  return (long)depth ? WEXITSTATUS(run_child(deeper, (void*)((long)depth - 1))) + 1 : 1;
}
CASE(eight_generations) { say("%d", deeper((void*)8)); }

static int tree(void* depth) {
  pid_t children[3];
  int sum = 1;
  if (!depth) return 1;
  for (int i = 0; i < 3; i++) children[i] = start_child(tree, (void*)((long)depth - 1));
  for (int i = 0; i < 3; i++) sum += WEXITSTATUS(wait_for(children[i]));
  return sum;
}
CASE(tree_of_forty) { say("%d", tree((void*)3)); }

CASE(thirty_children_at_once) {
  pid_t children[30];
  for (long i = 0; i < 30; i++) children[i] = start_child(pause_forever, NULL);
  for (int i = 0; i < 30; i++) kill(children[i], i % 2 ? SIGKILL : SIGTERM);
  int kills = 0;
  for (int i = 0; i < 30; i++) kills += WTERMSIG(wait_for(children[i])) == SIGKILL;
  say("%d", kills);
}

static void at_exit(void) { say("atexit"); }
CASE(exit_and_raw_exit) {
  atexit(at_exit);
  pid_t pid = fork();
  if (pid == 0) exit(4);
  say_status("exit", wait_for(pid));
  say_status("_exit", run_child(return_value, (void*)5));
}

CASE(vfork_suspends_the_parent) {
  volatile int word = 0;
  pid_t pid = vfork();
  if (pid == 0) {
    nap_ms(30);
    word = 7;
    _exit(3);
  }
  say("word %d", word);
  say_status("child", wait_for(pid));
}

CASE(vfork_child_has_its_own_pid) {
  volatile pid_t child_pid = 0, child_parent = 0;
  pid_t pid = vfork();
  if (pid == 0) {
    child_pid = (pid_t)syscall(SYS_getpid);
    child_parent = (pid_t)syscall(SYS_getppid);
    _exit(0);
  }
  CHECK_EQ(child_pid, pid);
  CHECK_EQ(child_parent, getpid());
  CHECK_EQ(syscall(SYS_getpid), getpid());
  say_status("child", wait_for(pid));
}

CASE(vfork_child_has_its_own_state) {
  set_handler(SIGUSR1, hit, 0);
  int fd = make_file("data", "", 0, 0600);
  pid_t pid = vfork();
  if (pid == 0) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_IGN;
    sigaction(SIGUSR1, &action, NULL);
    block_signal(SIGUSR2);
    close(fd);
    umask(0123);
    if (chdir("/")) _exit(1);
    _exit(0);
  }
  say_status("child", wait_for(pid));
  raise(SIGUSR1);
  say("hits %d, USR2 blocked %d, fd %d, umask %d, cwd %d", hits, is_blocked(SIGUSR2), fcntl(fd, F_GETFD),
      umask(022) == 0123, access("data", F_OK));
}

CASE(vfork_child_is_killed) {
  pid_t pid = vfork();
  if (pid == 0) {
    syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
    _exit(0);
  }
  say_status("child", wait_for(pid));
}

CASE(vfork_child_faults) {
  pid_t pid = vfork();
  if (pid == 0) *(volatile int*)8 = 1;
  say_status("child", wait_for(pid));
}

CASE(vfork_and_exec) {
  for (int i = 0; i < 5; i++) {
    pid_t pid = vfork();
    if (pid == 0) {
      execl("/bin/sh", "sh", "-c", "exit 6", NULL);
      _exit(99);
    }
    say_status("child", wait_for(pid));
  }
}

CASE(vfork_and_failed_exec) {
  pid_t pid = vfork();
  if (pid == 0) {
    execl("/nonexistent/program", "program", NULL);
    _exit(errno);
  }
  say_status("child", wait_for(pid));
}

static int spawn_status(posix_spawn_file_actions_t* actions, posix_spawnattr_t* attributes, const char* script) {
  char* arguments[] = {(char*)"sh", (char*)"-c", (char*)script, NULL};
  pid_t pid;
  int error = posix_spawn(&pid, "/bin/sh", actions, attributes, arguments, environ);
  if (error) {
    say("posix_spawn: %d", error);
    return -1;
  }
  return wait_for(pid);
}

CASE(posix_spawn_file_actions) {
  posix_spawn_file_actions_t actions;
  char text[100];
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "out", O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 7);
  posix_spawn_file_actions_addclose(&actions, 0);
  say_status("sh", spawn_status(&actions, NULL, "echo one; echo two >&7; read x || exit 3"));
  say("%s", read_text("out", text, sizeof text));
}

CASE(posix_spawn_attributes) {
  posix_spawnattr_t attributes;
  sigset_t defaults = set_of(SIGUSR1), mask = set_of(SIGUSR2);
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setsigmask(&attributes, &mask);
  set_handler(SIGUSR1, SIG_IGN, 0);
  say_status("sh", spawn_status(NULL, &attributes, "kill -USR2 $$; kill -USR1 $$; exit 1"));
}

CASE(posix_spawn_errors) {
  char* arguments[] = {(char*)"x", NULL};
  pid_t pid;
  make_file("text", "no program\1\2", 12, 0700);
  say("%d", posix_spawn(&pid, "/nonexistent", NULL, NULL, arguments, environ));
  say("%d", posix_spawn(&pid, "/", NULL, NULL, arguments, environ));
  say("%d", posix_spawnp(&pid, "no-such-program-anywhere", NULL, NULL, arguments, environ));
  CHECK_ERR(waitpid(-1, NULL, 0), ECHILD);
}

CASE(system_and_popen) {
  char line[64] = "";
  say_status("system", system("exit 9"));
  say_status("system", system("kill -9 $$"));
  FILE* pipe = popen("echo from the shell", "r");
  CHECK(fgets(line, sizeof line, pipe) != NULL);
  say_status("popen", pclose(pipe));
  say("%s", line);
  pipe = popen("cat > written", "w");
  fputs("text", pipe);
  say_status("popen", pclose(pipe));
  say("%s", read_text("written", line, sizeof line));
}

static long raw_clone(unsigned long flags, int* parent_tid, int* child_tid) {
  return syscall(SYS_clone, flags, NULL, parent_tid, child_tid, NULL);
}

CASE(clone_sets_tids) {
  int parent_tid = 0, child_tid = 0;
  long pid = raw_clone(CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD, &parent_tid, &child_tid);
  if (pid == 0) _exit(child_tid == syscall(SYS_getpid) ? 1 : 2);
  CHECK_EQ(parent_tid, pid);
  CHECK_EQ(child_tid, 0);
  say_status("child", wait_for((pid_t)pid));
}

CASE(clone_with_another_exit_signal) {
  int status;
  set_info_handler(SIGUSR1, keep, 0);
  long pid = raw_clone(SIGUSR1, NULL, NULL);
  if (pid == 0) _exit(1);
  wait_value(&hits, 1);
  say("signal %d, code %d, status %d", last.si_signo, last.si_code, last.si_status);
  CHECK_ERR(waitpid((pid_t)pid, &status, 0), ECHILD);
  CHECK_EQ(waitpid((pid_t)pid, &status, __WCLONE), pid);
  pid = raw_clone(0, NULL, NULL);
  if (pid == 0) _exit(2);
  CHECK_EQ(waitpid((pid_t)pid, &status, __WALL), pid);
  say_status("child", status);
}

CASE(clone_shares_the_cwd_and_umask) {
  long pid = raw_clone(CLONE_FS | SIGCHLD, NULL, NULL);
  if (pid == 0) {
    umask(0123);
    _exit(mkdir("sub", 0700) || chdir("sub") ? 1 : 0);
  }
  say_status("child", wait_for((pid_t)pid));
  say("umask %o, in sub %d", umask(0), access("../sub", F_OK) == 0);
}

static int clone_a_sibling(void* unused) {
  (void)unused;
  long pid = raw_clone(CLONE_PARENT | SIGCHLD, NULL, NULL);
  if (pid == 0) _exit(42);
  return pid > 0 ? 0 : 1;
}

CASE(clone_makes_a_sibling) {
  int status;
  say_status("child", run_child(clone_a_sibling, NULL));
  CHECK(waitpid(-1, &status, 0) > 0);
  say_status("sibling", status);
  CHECK_ERR(waitpid(-1, &status, 0), ECHILD);
}

static int data = 1;
CASE(clone_vfork_without_vm) {
  int* shared = (int*)shared_memory(PAGE);
  long pid = raw_clone(CLONE_VFORK | SIGCHLD, NULL, NULL);
  if (pid == 0) {
    nap_ms(20);
    *shared = 1;
    data = 2;
    _exit(0);
  }
  say("%d %d", *shared, data);
  say_status("child", wait_for((pid_t)pid));
}

CASE(clone_child_cleartid_is_private) {
  int word = 5;
  long pid = raw_clone(CLONE_CHILD_CLEARTID | SIGCHLD, NULL, &word);
  if (pid == 0) _exit(0);
  say_status("child", wait_for((pid_t)pid));
  say("%d", word);
}

CASE(wait_options) {
  int status = -1;
  CHECK_ERR(waitpid(-1, &status, 0), ECHILD);
  CHECK_ERR(waitpid(-1, &status, 0x40000), EINVAL);
  pid_t pid = start_child(pause_forever, NULL);
  CHECK_EQ(waitpid(pid, &status, WNOHANG), 0);
  CHECK_ERR(waitpid(getpid(), &status, 0), ECHILD);
  CHECK_ERR(waitpid(-getpid() - 1, &status, WNOHANG), ECHILD);
  kill(pid, SIGSTOP);
  CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
  say_status("child", status);
  CHECK_EQ(waitpid(pid, &status, WUNTRACED | WNOHANG), 0);
  kill(pid, SIGCONT);
  CHECK_EQ(waitpid(pid, &status, WCONTINUED), pid);
  say_status("child", status);
  kill(pid, SIGTERM);
  CHECK_EQ(waitpid(0, &status, 0), pid);
  say_status("child", status);
  CHECK_ERR(wait4(pid, (int*)16, 0, NULL), ECHILD);
}

CASE(waitid_forms) {
  siginfo_t info;
  pid_t pid = start_child(return_value, (void*)7);
  memset(&info, 0, sizeof info);
  CHECK_EQ(waitid(P_PID, pid, &info, WEXITED | WNOWAIT), 0);
  CHECK_EQ(info.si_pid, pid);
  CHECK_EQ(info.si_uid, getuid());
  say("signal %d, code %d, status %d", info.si_signo, info.si_code, info.si_status);
  say("still a zombie: %c", thread_state(pid, pid));
  CHECK_EQ(waitid(P_ALL, 0, &info, WEXITED), 0);
  CHECK_ERR(waitid(P_PID, pid, &info, WEXITED), ECHILD);
  CHECK_ERR(waitid(P_PID, pid, &info, 0), EINVAL);
  CHECK_ERR(waitid((idtype_t)9, pid, &info, WEXITED), EINVAL);
  pid = start_child(kill_itself, (void*)SIGKILL);
  CHECK_EQ(waitid(P_PGID, getpgrp(), &info, WEXITED), 0);
  say("code %d, status %d", info.si_code, info.si_status);
  pid = start_child(pause_forever, NULL);
  info.si_pid = 77;
  CHECK_EQ(waitid(P_PID, pid, &info, WEXITED | WNOHANG), 0);
  say("nothing: pid %d", info.si_pid);
  kill(pid, SIGSTOP);
  CHECK_EQ(waitid(P_PID, pid, &info, WSTOPPED), 0);
  say("code %d, status %d", info.si_code, info.si_status);
  kill(pid, SIGCONT);
  CHECK_EQ(waitid(P_PID, pid, &info, WCONTINUED), 0);
  say("code %d, status %d", info.si_code, info.si_status);
  kill(pid, SIGKILL);
  CHECK_EQ(waitid(P_PID, pid, NULL, WEXITED), 0);
}

CASE(zombie_until_waited_for) {
  pid_t pid = start_child(return_value, (void*)1);
  wait_state(pid, 'Z');
  CHECK_EQ(kill(pid, 0), 0);
  CHECK_EQ(kill(pid, SIGKILL), 0);
  say_status("child", wait_for(pid));
  CHECK_ERR(kill(pid, 0), ESRCH);
}

static int burn(void* unused) {
  (void)unused;
  while (now_ms(CLOCK_PROCESS_CPUTIME_ID) < 60) {
  }
  return 0;
}

CASE(resource_usage) {
  struct rusage usage, sum;
  struct tms times_of;
  int status;
  pid_t pid = start_child(burn, NULL);
  CHECK_EQ(wait4(pid, &status, 0, &usage), pid);
  long ms = usage.ru_utime.tv_sec * 1000 + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
  CHECK(ms >= 50);
  CHECK_EQ(getrusage(RUSAGE_CHILDREN, &sum), 0);
  CHECK(sum.ru_utime.tv_usec + sum.ru_stime.tv_usec >= 50000 || sum.ru_utime.tv_sec);
  CHECK(times(&times_of) != (clock_t)-1 && times_of.tms_cutime + times_of.tms_cstime >= 4);
  say("counted");
}

CASE(sigchld_info) {
  set_info_handler(SIGCHLD, keep, 0);
  block_signal(SIGCHLD);
  sigset_t open_set = set_of(0);
  pid_t pid = start_child(return_value, (void*)9);
  sigsuspend(&open_set);
  CHECK_EQ(last.si_pid, pid);
  CHECK_EQ(last.si_uid, getuid());
  say("code %d, status %d", last.si_code, last.si_status);
  wait_for(pid);
  pid = start_child(pause_forever, NULL);
  int signals[] = {SIGSTOP, SIGCONT, SIGTERM};
  for (int i = 0; i < 3; i++) {
    kill(pid, signals[i]);
    sigsuspend(&open_set);
    say("code %d, status %d", last.si_code, last.si_status);
  }
  wait_for(pid);
}

CASE(nocldstop) {
  set_handler(SIGCHLD, hit, SA_NOCLDSTOP);
  pid_t pid = start_child(pause_forever, NULL);
  int status;
  kill(pid, SIGSTOP);
  MUST(waitpid(pid, &status, WUNTRACED));
  kill(pid, SIGCONT);
  MUST(waitpid(pid, &status, WCONTINUED));
  say("hits %d", hits);
  kill(pid, SIGKILL);
  wait_for(pid);
  say("hits %d", hits);
}

static void reaped_by_kernel(const char* what) {
  pid_t pids[2];
  for (int i = 0; i < 2; i++) pids[i] = start_child(return_value, (void*)1);
  CHECK_ERR(waitpid(-1, NULL, 0), ECHILD);
  CHECK_ERR(kill(pids[0], 0), ESRCH);
  say("%s: hits %d", what, hits);
}

CASE(ignored_sigchld_reaps) {
  set_handler(SIGCHLD, SIG_IGN, 0);
  reaped_by_kernel("ignored");
}

CASE(nocldwait_reaps) {
  set_handler(SIGCHLD, hit, SA_NOCLDWAIT);
  pid_t pid = start_child(return_value, (void*)1);
  while (waitpid(-1, NULL, 0) == -1 && errno == EINTR) {
  }
  CHECK_EQ(errno, ECHILD);
  CHECK_ERR(kill(pid, 0), ESRCH);
  say("hits %d", hits);
}

static int pidfd_of(pid_t pid) { return (int)MUST(syscall(SYS_pidfd_open, pid, 0)); }

CASE(pidfd_polls_and_signals) {
  pid_t pid = start_child(pause_forever, NULL);
  int fd = pidfd_of(pid);
  struct pollfd poll_fd = {fd, POLLIN, 0};
  siginfo_t info;
  CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
  CHECK_EQ(poll(&poll_fd, 1, 0), 0);
  CHECK_EQ(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0), 0);
  CHECK_EQ(syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0), 0);
  CHECK_EQ(poll(&poll_fd, 1, 10000), 1);
  CHECK_EQ(waitid((idtype_t)3, fd, &info, WEXITED), 0);
  say("code %d, status %d", info.si_code, info.si_status);
  CHECK_ERR(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0), ESRCH);
  CHECK_ERR(syscall(SYS_pidfd_open, pid, 0), ESRCH);
  CHECK_ERR(syscall(SYS_pidfd_open, 0, 0), EINVAL);
  CHECK_ERR(syscall(SYS_pidfd_send_signal, 0, 0, NULL, 0), EBADF);
}

CASE(pidfd_of_clone) {
  int fd = -1;
  long pid = syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, NULL, &fd, NULL, NULL);
  if (pid == 0) _exit(5);
  CHECK(fd >= 0);
  siginfo_t info;
  CHECK_EQ(waitid((idtype_t)3, fd, &info, WEXITED), 0);
  CHECK_EQ(info.si_pid, pid);
  say("status %d", info.si_status);
}

static void* wait_in_thread(void* pid) { return (void*)(long)wait_for((pid_t)(long)pid); }
CASE(another_thread_waits) {
  pthread_t thread;
  void* status;
  pid_t pid = start_child(pause_forever, NULL);
  if (pthread_create(&thread, NULL, wait_in_thread, (void*)(long)pid)) abort();
  nap_ms(10);
  kill(pid, SIGTERM);
  pthread_join(thread, &status);
  say_status("child", (int)(long)status);
}
