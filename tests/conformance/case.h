// What the conformance programs share. A program holds many cases:
//
//   CASE(name) { ... }        `./program name` runs it, `./program --list` names it
//   HELPER(name) { ... }      what a case executes again (exec_self("name", ...)); not listed
//
// A case prints with say() what must be equal natively and under km, and states with CHECK what must hold everywhere.
// It never prints addresses, ids or times, and must behave the same in every run.
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096UL

struct Case {
  const char* name;
  void (*run)(int argc, char** argv);
  int listed;
  struct Case* next;
};
static struct Case* all_cases;

#define REGISTER_CASE(id, is_listed)                              \
  static void case_##id(int argc, char** argv);                   \
  __attribute__((constructor)) static void register_##id(void) {  \
    static struct Case entry = {#id, case_##id, is_listed, NULL}; \
    entry.next = all_cases;                                       \
    all_cases = &entry;                                           \
  }                                                               \
  static void case_##id(__attribute__((unused)) int argc, __attribute__((unused)) char** argv)
#define CASE(id) REGISTER_CASE(id, 1)
#define HELPER(id) REGISTER_CASE(id, 0)

static int failed_checks;

// One write(2) a line, so that processes and threads do not mix theirs.
__attribute__((format(printf, 1, 2))) static inline void say(const char* format, ...) {
  char line[4096];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(line, sizeof line - 1, format, arguments);
  va_end(arguments);
  if (length > (int)sizeof line - 2) length = sizeof line - 2;
  line[length++] = '\n';
  if (write(1, line, length) != length) abort();
}

#define CHECK(condition)                                              \
  do {                                                                \
    if (!(condition)) {                                               \
      failed_checks++;                                                \
      say("CHECK failed: %s:%d: %s", __func__, __LINE__, #condition); \
    }                                                                 \
  } while (0)

#define CHECK_EQ(actual, expected)                                                                       \
  do {                                                                                                   \
    long long actual_ = (long long)(actual), expected_ = (long long)(expected);                          \
    if (actual_ != expected_) {                                                                          \
      failed_checks++;                                                                                   \
      say("CHECK failed: %s:%d: %s is %lld, not %lld", __func__, __LINE__, #actual, actual_, expected_); \
    }                                                                                                    \
  } while (0)

// The call must return -1 with this errno.
#define CHECK_ERR(call, wanted)                                                                     \
  do {                                                                                              \
    errno = 0;                                                                                      \
    long long result_ = (long long)(call);                                                          \
    int errno_ = errno;                                                                             \
    if (result_ != -1 || errno_ != (wanted)) {                                                      \
      failed_checks++;                                                                              \
      say("CHECK failed: %s:%d: %s is %lld, errno %d", __func__, __LINE__, #call, result_, errno_); \
    }                                                                                               \
  } while (0)

// Ends the case when its set-up fails; the value of the call otherwise.
#define MUST(call)                                                                \
  ({                                                                              \
    __typeof__(call) must_ = (call);                                              \
    if ((long long)must_ == -1) {                                                 \
      say("CHECK failed: %s:%d: %s: errno %d", __func__, __LINE__, #call, errno); \
      _exit(99);                                                                  \
    }                                                                             \
    must_;                                                                        \
  })

static inline void nap_ms(long ms) {
  struct timespec time = {ms / 1000, ms % 1000 * 1000000};
  while (nanosleep(&time, &time) == -1 && errno == EINTR) {
  }
}

static inline long long now_ms(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return time.tv_sec * 1000LL + time.tv_nsec / 1000000;
}

// A time from now, as timed waits take it.
static inline struct timespec in_ms(clockid_t clock, long ms) {
  struct timespec time;
  clock_gettime(clock, &time);
  time.tv_nsec += ms * 1000000;
  time.tv_sec += time.tv_nsec / 1000000000;
  time.tv_nsec %= 1000000000;
  return time;
}

static inline pid_t my_tid(void) { return (pid_t)syscall(SYS_gettid); }

// A zeroed mapping that stays shared over fork.
static inline void* shared_memory(size_t size) {
  return MUST(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
}

static inline char* private_memory(size_t size, int protection) {
  return (char*)MUST(mmap(NULL, size, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

// The state letter of proc_pid_stat(5); 0 when there is no such thread.
static inline char thread_state(pid_t pid, pid_t tid) {
  char path[64], text[512];
  snprintf(path, sizeof path, "/proc/%d/task/%d/stat", (int)pid, (int)tid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t size = read(fd, text, sizeof text - 1);
  close(fd);
  if (size <= 0) return 0;
  text[size] = 0;
  char* end = strrchr(text, ')');
  return end ? end[2] : 0;
}

// Waits until a thread of a process sleeps in the kernel (seen three times in a row), or is gone.
static inline void wait_asleep_in(pid_t pid, pid_t tid) {
  for (int seen = 0, turns = 0; seen < 3 && turns < 2000; turns++) {
    char state = thread_state(pid, tid);
    seen = state == 'S' || state == 0 ? seen + 1 : 0;
    nap_ms(2);
  }
}
static inline void wait_asleep(pid_t tid) { wait_asleep_in(getpid(), tid); }

static inline void wait_state(pid_t pid, char state) {
  for (int turns = 0; thread_state(pid, pid) != state && turns < 2000; turns++) nap_ms(2);
}

// Spins, yielding, until *word has the value; for words that another thread or process or a handler sets.
static inline void wait_value(volatile int* word, int value) {
  for (int turns = 0; *word != value && turns < 10000; turns++) nap_ms(1);
  if (*word != value) say("CHECK failed: waited in vain for %d", value);
}

// Forks; the child runs body(argument) and leaves with its result.
static inline pid_t start_child(int (*body)(void*), void* argument) {
  pid_t pid = MUST(fork());
  if (pid != 0) return pid;
  int status = body(argument);
  _exit(failed_checks ? 98 : status);
}

static inline int wait_for(pid_t pid) {
  int status = -1;
  while (waitpid(pid, &status, 0) == -1) {
    if (errno == EINTR) continue;
    say("CHECK failed: waitpid: errno %d", errno);
    return -1;
  }
  return status;
}

static inline void say_status(const char* what, int status) {
  if (WIFEXITED(status))
    say("%s: exited with %d", what, WEXITSTATUS(status));
  else if (WIFSIGNALED(status))
    say("%s: killed by %d%s", what, WTERMSIG(status), WCOREDUMP(status) ? ", core" : "");
  else if (WIFSTOPPED(status))
    say("%s: stopped by %d", what, WSTOPSIG(status));
  else if (WIFCONTINUED(status))
    say("%s: continued", what);
  else
    say("%s: odd status %d", what, status);
}

static inline int run_child(int (*body)(void*), void* argument) { return wait_for(start_child(body, argument)); }

static inline void set_handler(int signal, void (*handler)(int), int flags) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  action.sa_flags = flags;
  MUST(sigaction(signal, &action, NULL));
}

static inline void set_info_handler(int signal, void (*handler)(int, siginfo_t*, void*), int flags) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = handler;
  action.sa_flags = flags | SA_SIGINFO;
  MUST(sigaction(signal, &action, NULL));
}

static inline sigset_t set_of(int signal) {
  sigset_t set;
  sigemptyset(&set);
  if (signal) sigaddset(&set, signal);
  return set;
}

static inline void block_signal(int signal) {
  sigset_t set = set_of(signal);
  MUST(sigprocmask(SIG_BLOCK, &set, NULL));
}

static inline void unblock_signal(int signal) {
  sigset_t set = set_of(signal);
  MUST(sigprocmask(SIG_UNBLOCK, &set, NULL));
}

static inline int is_blocked(int signal) {
  sigset_t set;
  MUST(sigprocmask(SIG_BLOCK, NULL, &set));
  return sigismember(&set, signal);
}

static inline int is_pending(int signal) {
  sigset_t set;
  MUST(sigpending(&set));
  return sigismember(&set, signal);
}

// A new file of the current directory with this content, open for reading and writing.
static inline int make_file(const char* name, const char* content, size_t size, mode_t mode) {
  int fd = MUST(open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (size && write(fd, content, size) != (ssize_t)size) abort();
  MUST(fchmod(fd, mode));
  return fd;
}

static inline char* read_text(const char* path, char* text, size_t size) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  size_t length = 0;
  ssize_t got = 0;
  while (fd >= 0 && length < size - 1 && (got = read(fd, text + length, size - 1 - length)) > 0) length += got;
  if (fd >= 0) close(fd);
  text[length] = 0;
  return text;
}

// The file that runs, found once (exec must not depend on argv[0]).
static inline const char* own_path(void) {
  static char path[4096];
  if (path[0]) return path;
  ssize_t size = readlink("/proc/self/exe", path, sizeof path - 1);
  if (size > 0) path[size] = 0;
  return path;
}

// Executes this program again as HELPER(name), with up to three more arguments.
static inline int exec_self(const char* name, const char* a, const char* b, const char* c) {
  char* arguments[] = {(char*)"conformance", (char*)name, (char*)a, (char*)b, (char*)c, NULL};
  return execv(own_path(), arguments);
}

// Standard error says the same as standard output's last word: nothing. A program without cases is an error.
int main(int argc, char** argv) {
  struct Case* entry = all_cases;
  if (argc < 2) return 97;
  for (; entry; entry = entry->next) {
    if (!strcmp(argv[1], "--list") && entry->listed) say("%s", entry->name);
    if (strcmp(argv[1], entry->name)) continue;
    entry->run(argc, argv);
    return failed_checks ? 98 : 0;
  }
  return strcmp(argv[1], "--list") ? 97 : 0;
}
