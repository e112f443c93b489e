// Promise 3. The links and folders of a path change while it is resolved: between what is allowed and the monitor's
// memory.

// natively: broke
#include "attack.h"

#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE 2
#endif

static void* swap_links(void* unused) {
  while (attacking()) {
    CALL(SYS_renameat2, AT_FDCWD, "file", AT_FDCWD, "memory", RENAME_EXCHANGE);
    CALL(SYS_renameat2, AT_FDCWD, "folder", AT_FDCWD, "process", RENAME_EXCHANGE);
  }
  return unused;
}

static void* change_directory(void* unused) {
  while (attacking()) {
    CALL(SYS_chdir, "folder");
    CALL(SYS_chdir, "..");
    CALL(SYS_chdir, "/proc/self");
    CALL(SYS_fchdir, *(int*)unused);
  }
  return unused;
}

static void judge(long fd, const char* way) {
  char bytes[8];
  if (fd < 0) return;
  if (CALL(SYS_pread64, fd, bytes, 8, target) == 8) broke("%s reads the monitor's memory", way);
  close((int)fd);
}

int main(void) {
  close(open("harmless", O_RDWR | O_CREAT, 0600));
  mkdir("folder", 0700);
  close(open("folder/mem", O_RDWR | O_CREAT, 0600));
  symlink("harmless", "file");
  symlink("/proc/self/mem", "memory");
  symlink("/proc/self", "process");
  int home = open(".", O_PATH | O_DIRECTORY);
  const pthread_t swapper = start_thread(swap_links, 0), mover = start_thread(change_directory, &home);
  while (attacking()) {
    judge(CALL(SYS_openat, home, "file", O_RDWR), "a link");
    judge(CALL(SYS_openat, home, "folder/mem", O_RDWR), "a folder");
    judge(CALL(SYS_openat, home, "folder/../folder/mem", O_RDWR), "a folder twice");
    judge(CALL(SYS_open, "mem", O_RDWR), "the working directory");
    judge(CALL(SYS_open, "./mem", O_RDONLY), "the working directory");
  }
  join(swapper);
  join(mover);
  held();
}
