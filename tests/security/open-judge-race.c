// Promises 2 and 3. What is opened is judged after it has a number: other threads duplicate and read every number that
// may be the one, while /dev/kvm and the monitor's memory are opened in ways that hide what they are.

// natively: broke
#include "attack.h"

static void* take(void* unused) {
  char bytes[8];
  while (attacking()) {
    for (int number = 4; number < 9; ++number) {
      if (CALL(SYS_pread64, number, bytes, 8, target) == 8) broke("number %d read the monitor's memory", number);
      const int copy = fcntl(number, F_DUPFD_CLOEXEC, 100);
      if (copy < 0) continue;
      if (is_forbidden_fd(copy)) broke("number %d was usable before it was judged", number);
      close(copy);
    }
  }
  return unused;
}

int main(void) {
  mkdir("folder", 0700);
  symlink("/proc/self", "folder/process");
  symlink("/dev", "folder/devices");
  const int process = open("/proc/self", O_PATH | O_DIRECTORY);
  const pthread_t takers[2] = {start_thread(take, 0), start_thread(take, 0)};
  while (attacking()) {
    const int opened[] = {(int)CALL(SYS_openat, AT_FDCWD, "folder/devices/kvm", O_RDWR),
                          (int)CALL(SYS_openat, AT_FDCWD, "folder/process/mem", O_RDWR),
                          (int)CALL(SYS_openat, process, "mem", O_RDWR),
                          (int)CALL(SYS_openat, process, "task/../mem", O_RDONLY)};
    for (size_t i = 0; i < sizeof opened / sizeof *opened; ++i) {
      if (opened[i] >= 0 && is_forbidden_fd(opened[i])) broke("way %zu opens", i);
      if (opened[i] >= 0) close(opened[i]);
    }
  }
  for (int i = 0; i < 2; ++i) join(takers[i]);
  held();
}
