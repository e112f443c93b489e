// Starting processes and waiting for them, and talking to one through a pipe.
#define _GNU_SOURCE
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"

static char* const arguments[] = {"/bin/true", NULL};
static int to_child[2], from_child[2];

static void wait_for(pid_t pid) {
  int status;
  if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) exit(1);
}

static void fork_only(void) {
  pid_t pid = fork();
  if (pid == 0) _exit(0);
  wait_for(pid);
}

static void fork_exec(void) {
  pid_t pid = fork();
  if (pid == 0) {
    execv(arguments[0], arguments);
    _exit(127);
  }
  wait_for(pid);
}

static void spawn(void) {
  pid_t pid = -1;
  if (posix_spawn(&pid, arguments[0], NULL, NULL, arguments, environ) != 0) exit(1);
  wait_for(pid);
}

static void round_trip(void) {
  char byte = 0;
  if (write(to_child[1], &byte, 1) != 1 || read(from_child[0], &byte, 1) != 1) exit(1);
}

int main(void) {
  measure("fork+exit+wait", fork_only);
  measure("fork+exec+wait", fork_exec);
  measure("posix_spawn+wait", spawn);
  if (pipe(to_child) != 0 || pipe(from_child) != 0) return 1;
  pid_t pid = fork();
  if (pid == 0) {
    close(to_child[1]);
    for (char byte; read(to_child[0], &byte, 1) == 1;) {
      if (write(from_child[1], &byte, 1) != 1) _exit(1);
    }
    _exit(0);
  }
  measure("pipe ping-pong", round_trip);
  close(to_child[1]);
  wait_for(pid);
  return 0;
}
