// Promise 3. Every process of the tree is a km: parent, child and a process that is just being executed show nothing of
// their monitors, and nothing of them can be entered.

// natively: broke
#include "attack.h"

#include <sys/ptrace.h>
#include <sys/uio.h>

static void judge(const char* path, int fd) {
  char bytes[8];
  if (fd < 0) return;
  if (strstr(path, "/mem") && CALL(SYS_pread64, fd, bytes, 8, target) == 8) broke("%s reads memory", path);
  if (is_kontained() && strstr(path, "/mem")) broke("%s can be opened", path);
  static char text[1 << 16];
  const ssize_t length = read(fd, text, sizeof text - 1);
  close(fd);
  text[length < 0 ? 0 : length] = '\0';
  for (char* line = strtok(text, "\n"); line && strstr(path, "maps"); line = strtok(NULL, "\n")) {
    unsigned long start, end;
    if (sscanf(line, "%lx-%lx", &start, &end) == 2 && !strstr(line, "[v") && end > 0x6f0000000000) {
      broke("%s shows %s", path, line);
    }
  }
}

static void attack_process(int pid, int tid) {
  static const char* const files[] = {"mem",
                                      "maps",
                                      "smaps",
                                      "environ",
                                      "auxv",
                                      "pagemap",
                                      "stack",
                                      "map_files",
                                      "root/proc/self/mem",
                                      "cwd/../proc/self/mem"};
  char path[128];
  for (size_t i = 0; i < sizeof files / sizeof *files; ++i) {
    snprintf(path, sizeof path, "/proc/%d/%s", pid, files[i]);
    judge(path, (int)CALL(SYS_open, path, O_RDONLY));
    snprintf(path, sizeof path, "/proc/%d/task/%d/%s", pid, tid, files[i]);
    judge(path, (int)CALL(SYS_open, path, O_RDWR));
    snprintf(path, sizeof path, "/proc/%d/%s", tid, files[i]);
    judge(path, (int)CALL(SYS_open, path, O_RDONLY));
  }
  // Its descriptors above the usual ones are its monitor's.
  for (int number = 128; number < 1100; ++number) {
    struct stat info;
    snprintf(path, sizeof path, "/proc/%d/fd/%d", pid, number);
    if (CALL(SYS_stat, path, &info) == 0 && S_ISCHR(info.st_mode) && info.st_rdev == makedev(10, 232)) {
      broke("%s is /dev/kvm", path);
    }
  }
  char bytes[8];
  struct iovec here = {bytes, 8}, there = {(void*)target, 8};
  if (CALL(SYS_process_vm_readv, pid, &here, 1, &there, 1, 0) > 0) broke("process_vm_readv of %d", pid);
  if (CALL(SYS_process_vm_writev, pid, &here, 1, &there, 1, 0) > 0) broke("process_vm_writev of %d", pid);
  if (CALL(SYS_ptrace, PTRACE_SEIZE, tid, 0, 0) == 0) broke("ptrace of %d", tid);
  if (CALL(SYS_kcmp, pid, getpid(), 0, 0, 0) >= 0) broke("kcmp with %d", pid);
  const int handle = (int)CALL(SYS_pidfd_open, pid, 0);
  if (handle < 0) return;
  for (int number = 0; number < 300; ++number) {
    if (CALL(SYS_pidfd_getfd, handle, number, 0) >= 0) broke("pidfd_getfd took %d of %d", number, pid);
  }
  if (CALL(SYS_process_madvise, handle, &there, 1, MADV_COLD, 0) >= 0) broke("process_madvise of %d", pid);
  if (CALL(SYS_setns, handle, 0x20000000) == 0) broke("setns to %d", pid);
  close(handle);
}

static atomic_int shared_tid;

static void* second_thread(void* unused) {
  shared_tid = (int)syscall(SYS_gettid);
  while (!attack_is_over) sched_yield();
  return unused;
}

// In the child: executes itself again and again, so that the parent meets every state of an exec.
static void execute_often(int rounds) {
  char text[16];
  snprintf(text, sizeof text, "%d", rounds - 1);
  if (rounds > 0) execl("/proc/self/exe", "attack", "again", text, NULL);
  _exit(0);
}

int main(int argc, char** argv) {
  if (argc > 2) execute_often(atoi(argv[2]));
  const pthread_t thread = start_thread(second_thread, 0);
  while (shared_tid == 0) sched_yield();
  attack_process(getpid(), shared_tid);
  if (is_kontained()) attack_process(getppid(), getppid());
  const pid_t waiting = start_process();
  if (waiting == 0) {
    for (;;) pause();
  }
  attack_process(waiting, waiting);
  kill(waiting, SIGKILL);
  status_of(waiting);
  for (int round = 0; round < 2; ++round) {
    const pid_t child = start_process();
    if (child == 0) execute_often(20);
    while (waitpid(child, NULL, WNOHANG) == 0) attack_process(child, child);
  }
  attack_is_over = 1;
  join(thread);
  held();
}
