// The exec family: what is replaced, what stays, which files run, which errors reach the caller.
#include "tests/conformance/case.h"

#include <elf.h>
#include <pthread.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>

static int execveat_call(int fd, const char* path, char* const* arguments, char* const* environment, int flags) {
  return (int)syscall(SYS_execveat, fd, path, arguments, environment, flags);
}

HELPER(show) {
  for (int i = 0; i < argc; i++) say("argument %s", strchr(argv[i], '/') ? strrchr(argv[i], '/') : argv[i]);
}

HELPER(show_environment) {
  extern char** environ;
  for (char** entry = environ; *entry; entry++) say("%s", *entry);
}

HELPER(leave) { exit(atoi(argv[2])); }

static char* with_name[] = {(char*)"name", (char*)"show", (char*)"one", (char*)"two words", NULL};
static char* no_environment[] = {NULL};

CASE(arguments) {
  execv(own_path(), with_name);
  say("CHECK failed: errno %d", errno);
}

CASE(environment) {
  char* arguments[] = {(char*)"x", (char*)"show_environment", NULL};
  char* variables[] = {(char*)"B=2", (char*)"A=1", (char*)"ODD", (char*)"EMPTY=", NULL};
  execve(own_path(), arguments, variables);
}

CASE(no_environment) {
  char* arguments[] = {(char*)"x", (char*)"show_environment", NULL};
  execve(own_path(), arguments, no_environment);
}

CASE(null_environment) {
  char* arguments[] = {(char*)"x", (char*)"show_environment", NULL};
  syscall(SYS_execve, own_path(), arguments, NULL);
}

HELPER(count) {
  long size = 0;
  for (int i = 2; i < argc; i++) size += strlen(argv[i]);
  say("%d arguments, %ld bytes", argc, size);
}

CASE(many_arguments) {
  static char* arguments[10003] = {(char*)"x", (char*)"count"};
  for (int i = 2; i < 10002; i++) arguments[i] = (char*)"abcdefghijklmnopqrstuvwxyz";
  execv(own_path(), arguments);
  say("CHECK failed: errno %d", errno);
}

CASE(long_argument) {
  char* text = (char*)malloc(131072);
  char* arguments[] = {(char*)"x", (char*)"count", text, NULL};
  memset(text, 'a', 131071);
  text[131071] = 0;
  text[131072 - 1] = 0;
  execv(own_path(), arguments);
  say("CHECK failed: errno %d", errno);
}

CASE(too_much) {
  char* text = (char*)malloc(200000);
  char* arguments[] = {(char*)"x", (char*)"count", text, NULL};
  memset(text, 'a', 199999);
  text[199999] = 0;
  CHECK_ERR(execv(own_path(), arguments), E2BIG);
  text[100000] = 0;
  static char* many[100];
  for (int i = 0; i < 99; i++) many[i] = text;
  CHECK_ERR(execv(own_path(), many), E2BIG);
  say("E2BIG");
}

CASE(file_errors) {
  char* arguments[] = {(char*)"x", NULL};
  char* long_name = (char*)malloc(5001);
  memset(long_name, 'a', 5000);
  long_name[5000] = 0;
  close(make_file("text", "just text", 9, 0700));
  close(make_file("empty", "", 0, 0700));
  close(make_file("plain", "#!/bin/sh\n", 10, 0600));
  close(make_file("elf", "\177ELF\2\1\1garbage that is too short", 33, 0700));
  MUST(symlink("loop", "loop"));
  MUST(mkdir("folder", 0700));
  CHECK_ERR(execv("missing", arguments), ENOENT);
  CHECK_ERR(execv("", arguments), ENOENT);
  CHECK_ERR(execv("text", arguments), ENOEXEC);
  CHECK_ERR(execv("empty", arguments), ENOEXEC);
  CHECK_ERR(execv("elf", arguments), ENOEXEC);
  CHECK_ERR(execv("plain", arguments), EACCES);
  CHECK_ERR(execv("folder", arguments), EACCES);
  CHECK_ERR(execv("text/x", arguments), ENOTDIR);
  CHECK_ERR(execv("loop", arguments), ELOOP);
  CHECK_ERR(execv(long_name, arguments), ENAMETOOLONG);
  CHECK_ERR(syscall(SYS_execve, 16, arguments, NULL), EFAULT);
  CHECK_ERR(syscall(SYS_execve, own_path(), 16, NULL), EFAULT);
  CHECK_ERR(execv("/dev/null", arguments), EACCES);
  say("still here");
}

static void copy_program(const char* name) {
  int from = MUST(open(own_path(), O_RDONLY)), to = MUST(open(name, O_WRONLY | O_CREAT | O_TRUNC, 0700));
  char* buffer = (char*)malloc(1 << 20);
  for (ssize_t size; (size = read(from, buffer, 1 << 20)) > 0;) {
    if (write(to, buffer, size) != size) abort();
  }
  close(from);
  close(to);
}

CASE(busy_file) {
  copy_program("busy");
  int fd = MUST(open("busy", O_WRONLY));
  CHECK_ERR(execv("busy", with_name), ETXTBSY);
  close(fd);
  execv("busy", with_name);
}

CASE(foreign_machine) {
  copy_program("foreign");
  int fd = MUST(open("foreign", O_WRONLY));
  MUST(pwrite(fd, "\xb7\0", 2, 18));  // e_machine: AArch64
  close(fd);
  CHECK_ERR(execv("foreign", with_name), ENOEXEC);
  say("ENOEXEC");
}

// Only dynamic programs name an interpreter (PT_INTERP); the others just run.
CASE(interpreter_of_elf_is_missing) {
  copy_program("copy");
  int fd = MUST(open("copy", O_RDWR | O_CLOEXEC));
  Elf64_Ehdr header;
  Elf64_Phdr program;
  MUST(pread(fd, &header, sizeof header, 0));
  int dynamic = 0;
  for (int i = 0; i < header.e_phnum; i++) {
    MUST(pread(fd, &program, sizeof program, header.e_phoff + i * sizeof program));
    if (program.p_type != PT_INTERP) continue;
    MUST(pwrite(fd, "X", 1, program.p_offset + 5));
    dynamic = 1;
  }
  close(fd);
  pid_t pid = MUST(fork());
  if (pid == 0) {
    close(1);
    execv("./copy", with_name);
    _exit(errno);
  }
  int status = wait_for(pid);
  say("as expected %d", dynamic ? WEXITSTATUS(status) == ENOENT : WIFSIGNALED(status));
}

static void script(const char* name, const char* text) { close(make_file(name, text, strlen(text), 0700)); }

CASE(script) {
  char* arguments[] = {(char*)"ignored", (char*)"one", (char*)"two", NULL};
  script("script", "#!/bin/sh\necho \"$0 $1 $2 $#\"\nexit 4\n");
  execv("./script", arguments);
}

CASE(script_with_one_argument) {
  char text[300];
  char* arguments[] = {(char*)"ignored", (char*)"tail", NULL};
  MUST(symlink(own_path(), "program"));
  snprintf(text, sizeof text, "#! program \t show two words \t\n");
  script("script", text);
  pid_t pid = MUST(fork());
  if (pid == 0) {
    execv("./script", arguments);
    _exit(errno);
  }
  // One argument with inner blanks: no case has that name.
  say_status("one argument", wait_for(pid));
  script("script", "#!program show\n");
  execv("./script", arguments);
}

CASE(script_without_newline) {
  script("script", "#!/bin/true");
  char* arguments[] = {(char*)"x", NULL};
  execv("./script", arguments);
}

CASE(script_errors) {
  char* arguments[] = {(char*)"x", NULL};
  char text[400];
  script("missing", "#!/nonexistent/interpreter\n");
  CHECK_ERR(execv("./missing", arguments), ENOENT);
  script("folder", "#!/tmp\n");
  CHECK_ERR(execv("./folder", arguments), EACCES);
  script("none", "#!   \n");
  CHECK_ERR(execv("./none", arguments), ENOEXEC);
  script("self", "#!./self\n");
  CHECK_ERR(execv("./self", arguments), ELOOP);
  memset(text, 'a', sizeof text);
  memcpy(text, "#!/", 3);
  text[399] = 0;
  script("long", text);
  CHECK_ERR(execv("./long", arguments), ENOEXEC);
  say("refused");
}

CASE(script_of_a_script) {
  char* arguments[] = {(char*)"x", (char*)"last", NULL};
  MUST(symlink(own_path(), "program"));
  script("s1", "#!program show\n");
  script("s2", "#!./s1 2\n");
  script("s3", "#!./s2 3\n");
  script("s4", "#!./s3 4\n");
  script("s5", "#!./s4 5\n");
  script("s6", "#!./s5 6\n");
  CHECK_ERR(execv("./s6", arguments), ELOOP);
  execv("./s4", arguments);
  say("errno %d", errno);
}

CASE(execvp_runs_text_by_sh) {
  char* arguments[] = {(char*)"text", (char*)"word", NULL};
  script("text", "echo text with $1\n");
  setenv("PATH", ".", 1);
  execvp("text", arguments);
  say("errno %d", errno);  // musl's execvp does not
}

CASE(execvp_searches) {
  char* arguments[] = {(char*)"sh", (char*)"-c", (char*)"echo found", NULL};
  setenv("PATH", "/nonexistent:/:/bin", 1);
  execvp("sh", arguments);
}

CASE(execveat_with_a_folder) {
  MUST(mkdir("folder", 0700));
  copy_program("folder/copy");
  int fd = MUST(open("folder", O_PATH | O_DIRECTORY | O_CLOEXEC));
  execveat_call(fd, "copy", with_name, no_environment, 0);
  say("errno %d", errno);
}

CASE(execveat_empty_path) {
  int fd = MUST(open(own_path(), O_PATH | O_CLOEXEC));
  execveat_call(fd, "", with_name, no_environment, 0x1000);
  say("errno %d", errno);
}

CASE(execveat_errors) {
  MUST(symlink(own_path(), "link"));
  CHECK_ERR(execveat_call(AT_FDCWD, "link", with_name, no_environment, AT_SYMLINK_NOFOLLOW), ELOOP);
  CHECK_ERR(execveat_call(AT_FDCWD, "", with_name, no_environment, 0), ENOENT);
  CHECK_ERR(execveat_call(77, "x", with_name, no_environment, 0), EBADF);
  CHECK_ERR(execveat_call(0, "x", with_name, no_environment, 0), ENOTDIR);
  CHECK_ERR(execveat_call(AT_FDCWD, own_path(), with_name, no_environment, 0x4), EINVAL);
  CHECK_ERR(execveat_call(AT_FDCWD, "", with_name, no_environment, AT_EMPTY_PATH), EACCES);
  say("refused");
}

CASE(fexecve_of_a_script) {
  script("script", "#!/bin/sh\necho from a script; exit 2\n");
  int closing = MUST(open("script", O_RDONLY | O_CLOEXEC)), staying = MUST(open("script", O_RDONLY));
  CHECK_ERR(execveat_call(closing, "", with_name, no_environment, AT_EMPTY_PATH), ENOENT);
  execveat_call(staying, "", with_name, no_environment, AT_EMPTY_PATH);
  say("errno %d", errno);
}

CASE(program_in_a_memfd) {
  int from = MUST(open(own_path(), O_RDONLY)), to = MUST(memfd_create("program", MFD_CLOEXEC));
  char* buffer = (char*)malloc(1 << 20);
  for (ssize_t size; (size = read(from, buffer, 1 << 20)) > 0;) {
    if (write(to, buffer, size) != size) abort();
  }
  fexecve(to, with_name, no_environment);
  say("errno %d", errno);
}

CASE(deleted_program) {
  copy_program("copy");
  int fd = MUST(open("copy", O_RDONLY | O_CLOEXEC));
  MUST(unlink("copy"));
  fexecve(fd, with_name, no_environment);
  say("errno %d", errno);
}

CASE(proc_self_exe) {
  execv("/proc/self/exe", with_name);
  say("errno %d", errno);
}

CASE(another_kind_of_program) { execl("/bin/sh", "sh", "-c", "echo $((6*7)); exit 11", NULL); }

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
  CHECK_ERR(execv("text", with_name), ENOEXEC);
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

CASE(empty_arguments) {
  char* none[] = {NULL};
  pid_t pid = MUST(fork());
  if (pid == 0) {
    execv("/bin/true", none);
    _exit(errno);
  }
  say_status("no argv[0]", wait_for(pid));
}
