// Moves the root in a process that shares it with its parent, after the parent could have moved it.
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
  if (chroot("/") != 0) return 2;
  const long child = syscall(SYS_clone, CLONE_FS | SIGCHLD, 0, 0, 0, 0);
  if (child == 0) _exit(chroot("jail") == 0 ? 0 : errno);
  int status = 0;
  if (child < 0 || waitpid((pid_t)child, &status, 0) != child) return 3;
  const int parent = chroot("jail") == 0 ? 0 : errno;
  printf("child %d, parent %d\n", WEXITSTATUS(status), parent);
  return 0;
}
