// Preloaded into a program: it is killed before its KILL_AT-th call, of all its threads, of those below, which are the
// ones that change something outside its memory, or wait for what somebody else does. A child counts on by itself until
// it executes another program.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long calls;
static long fatal_call;

__attribute__((constructor)) static void begin(void) {
  const char* number = getenv("KILL_AT");
  fatal_call = number ? atol(number) : 0;
  unsetenv("LD_PRELOAD");
}

// How many there were, for whoever wants to know.
__attribute__((destructor)) static void end(void) {
  const char* path = getenv("KILL_COUNT");
  FILE* file = path ? fopen(path, "w") : NULL;
  if (!file) return;
  fprintf(file, "%ld\n", atomic_load(&calls));
  fclose(file);
}

static void count(void) {
  if (atomic_fetch_add(&calls, 1) + 1 != fatal_call) return;
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

// WRAP(TYPE, NAME, (PARAMETERS), (ARGUMENTS)): counts, then calls the C library's.
#define WRAP(type, name, parameters, arguments)                    \
  type name parameters {                                           \
    static type(*real) parameters;                                 \
    if (!real) real = (type(*) parameters)dlsym(RTLD_NEXT, #name); \
    count();                                                       \
    return real arguments;                                         \
  }

#define WRAP_OPEN(name, parameters, arguments)                      \
  int name parameters {                                             \
    va_list list;                                                   \
    va_start(list, flags);                                          \
    const mode_t mode = flags & O_CREAT ? va_arg(list, mode_t) : 0; \
    va_end(list);                                                   \
    static int(*real) parameters;                                   \
    if (!real) real = (int(*) parameters)dlsym(RTLD_NEXT, #name);   \
    if (flags & (O_CREAT | O_WRONLY | O_RDWR)) count();             \
    return real arguments;                                          \
  }

WRAP_OPEN(open, (const char* path, int flags, ...), (path, flags, mode))
WRAP_OPEN(openat, (int folder, const char* path, int flags, ...), (folder, path, flags, mode))
WRAP(ssize_t, write, (int fd, const void* data, size_t size), (fd, data, size))
WRAP(int, fdatasync, (int fd), (fd))
WRAP(int, flock, (int fd, int operation), (fd, operation))
WRAP(int, rename, (const char* from, const char* to), (from, to))
WRAP(int, renameat, (int a, const char* from, int b, const char* to), (a, from, b, to))
WRAP(int, unlink, (const char* path), (path))
WRAP(int, unlinkat, (int folder, const char* path, int flags), (folder, path, flags))
WRAP(int, rmdir, (const char* path), (path))
WRAP(int, mkdir, (const char* path, mode_t mode), (path, mode))
WRAP(int, mkdirat, (int folder, const char* path, mode_t mode), (folder, path, mode))
WRAP(int, mknodat, (int folder, const char* path, mode_t mode, dev_t device), (folder, path, mode, device))
WRAP(int, linkat, (int a, const char* from, int b, const char* to, int flags), (a, from, b, to, flags))
WRAP(int, symlinkat, (const char* target, int folder, const char* path), (target, folder, path))
WRAP(int, chmod, (const char* path, mode_t mode), (path, mode))
WRAP(int, fchmod, (int fd, mode_t mode), (fd, mode))
WRAP(int, fchmodat, (int folder, const char* path, mode_t mode, int flags), (folder, path, mode, flags))
WRAP(int, fchownat, (int folder, const char* path, uid_t uid, gid_t gid, int flags), (folder, path, uid, gid, flags))
WRAP(int, utimensat, (int folder, const char* path, const struct timespec times[2], int flags),
     (folder, path, times, flags))
WRAP(int, futimens, (int fd, const struct timespec times[2]), (fd, times))
WRAP(int, pipe2, (int ends[2], int flags), (ends, flags))
WRAP(pid_t, fork, (void), ())
WRAP(pid_t, waitpid, (pid_t pid, int* status, int options), (pid, status, options))
WRAP(int, unshare, (int flags), (flags))
WRAP(int, mount, (const char* source, const char* target, const char* type, unsigned long flags, const void* data),
     (source, target, type, flags, data))
WRAP(int, execv, (const char* path, char* const arguments[]), (path, arguments))
