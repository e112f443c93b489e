// What every attack shares. An attack ends with `held` and status 0, or says what it got and ends with status 1.
//
// `target` is an address that is memory of the attacked process when its addresses are not randomised (setarch -R): in
// the last page of the initial stack, which holds strings of the environment only (attack.sh sees to it). Natively it
// is the attack's own, so the same attack succeeds there; under km it is the monitor's.
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wunused-variable"
#pragma GCC diagnostic ignored "-Wunused-result"

static const uint64_t target = 0x7fffffffe800, target_page = 0x7fffffffe000;
static atomic_int attack_is_over;

static _Noreturn void held(void) {
  puts("held");
  fflush(stdout);
  _exit(0);
}

static _Noreturn void broke(const char* format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  int length = snprintf(text, sizeof text, "broke: ");
  length += vsnprintf(text + length, sizeof text - (size_t)length - 1, format, arguments);
  va_end(arguments);
  if (length > (int)sizeof text - 2) length = sizeof text - 2;
  text[length] = '\n';
  fflush(stdout);
  write(1, text, (size_t)length + 1);
  syscall(SYS_exit_group, 1);
  __builtin_unreachable();
}

// The attack itself could not be made; nothing is known.
static _Noreturn void failed(const char* what) {
  printf("failed: %s: %s\n", what, strerror(errno));
  fflush(stdout);
  _exit(2);
}

// For what the attacked system does not offer (yet): the driver reports the test as skipped.
static _Noreturn void cannot(const char* what) {
  printf("cannot: %s: %s\n", what, strerror(errno));
  fflush(stdout);
  _exit(77);
}

// True under km.
static int is_kontained(void) {
  struct utsname names;
  uname(&names);
  const size_t length = strlen(names.release);
  return length > 8 && strcmp(names.release + length - 8, ".kontain") == 0;
}

// The condition of the racing loops: true until enough time has passed for many collisions, in every thread.
static int attacking(void) {
  static _Atomic long end;
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  const long milliseconds = now.tv_sec * 1000 + now.tv_nsec / 1000000;
  long none = 0;
  if (end == 0) atomic_compare_exchange_strong(&end, &none, milliseconds + 1500);
  if (milliseconds >= end) attack_is_over = 1;
  return !attack_is_over;
}

static pthread_t start_thread(void* (*run)(void*), void* argument) {
  pthread_t thread;
  const int error = pthread_create(&thread, NULL, run, argument);
  errno = error;
  if (error == ENOSYS) cannot("threads");
  if (error != 0) failed("pthread_create");
  return thread;
}

static void join(pthread_t thread) { pthread_join(thread, NULL); }

static pid_t start_process(void) {
  fflush(stdout);
  const pid_t child = fork();
  if (child < 0 && errno == ENOSYS) cannot("fork");
  if (child < 0) failed("fork");
  return child;
}

static int status_of(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) failed("waitpid");
  }
  return status;
}

// A system call without libc: the result, or -errno.
#define CALL(...) raw_result(syscall(__VA_ARGS__))
static long raw_result(long result) { return result == -1 ? -errno : result; }

// True when the memory at `address` can be read by a system call: natively yes, of the monitor never.
static int reaches(uint64_t address) {
  int ends[2];
  if (pipe(ends) != 0) return 0;
  const long written = CALL(SYS_write, ends[1], address, 8);
  close(ends[0]);
  close(ends[1]);
  return written > 0;
}

// What `fd` is, as /proc names it: "" when it is not open or cannot be told.
static const char* name_of_fd(int fd, char (*text)[256]) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = readlink(link, *text, sizeof *text - 1);
  (*text)[length < 0 ? 0 : length] = '\0';
  return *text;
}

// True for what no payload may hold: KVM and its objects, memory of processes, objects that reach kernel or monitor.
static int is_forbidden_fd(int fd) {
  struct stat info;
  if (fstat(fd, &info) != 0) return 0;
  if (S_ISCHR(info.st_mode)) {
    return info.st_rdev == makedev(10, 232) || info.st_rdev == makedev(1, 1) || info.st_rdev == makedev(10, 238);
  }
  char text[256];
  name_of_fd(fd, &text);
  static const char* const words[] = {"kvm", "userfaultfd", "io_uring", "perf_event", "bpf", "vfio", "/mem"};
  for (size_t i = 0; i < sizeof words / sizeof *words; ++i) {
    const char* found = strstr(text, words[i]);
    if (found && (strncmp(text, "anon_inode", 10) == 0 || strcmp(found, "/mem") == 0)) return 1;
  }
  return 0;
}
