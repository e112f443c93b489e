// Promise 5. Nothing in argv, the environment, the name, the working directory or the descriptors of an execve reaches
// the km that it starts: the new program finds exactly what it was given.

// natively: held
#include "attack.h"

#include <sys/auxv.h>

extern char** environ;

static char* const arguments[] = {
    "--config=/dev/stdin", "--trace", "--trace-file=pwned", "--argv0=x", "--version", "--", NULL};
static char* const variables[] = {"KM_TRACE=1",
                                  "KM_CONFIG=config",
                                  "KONTAIN_TRACE=1",
                                  "LD_PRELOAD=./lib.so",
                                  "LD_DEBUG=all",
                                  "GLIBC_TUNABLES=glibc.malloc.check=3",
                                  "MALLOC_TRACE=pwned",
                                  "GCONV_PATH=.",
                                  "LD_LIBRARY_PATH=.",
                                  "HOSTALIASES=pwned",
                                  NULL};

static int same(char** found, char* const* wanted) {
  size_t i = 0;
  for (; wanted[i] != NULL; ++i) {
    if (found[i] == NULL || strcmp(found[i], wanted[i]) != 0) return 0;
  }
  return found[i] == NULL;
}

// In the new program.
static void check_and_end(char** argv) {
  if (!same(argv, arguments)) _exit(3);
  if (!same(environ, variables)) _exit(4);
  for (int fd = 3; fd < 1100; ++fd) {
    if (fd != 9 && fcntl(fd, F_GETFD) >= 0) _exit(5);
    if (is_forbidden_fd(fd)) _exit(6);
  }
  struct stat info;
  if (stat("pwned", &info) == 0) _exit(7);
  _exit(42);
}

static void* volatile flipped[8];

static void* flip(void* unused) {
  while (!attack_is_over) {
    flipped[1] = (void*)target;
    flipped[2] = NULL;
    flipped[1] = arguments[1];
    flipped[2] = arguments[2];
  }
  return unused;
}

int main(int argc, char** argv) {
  if (argc > 3 && strcmp(argv[0], arguments[0]) == 0) check_and_end(argv);
  if (argc > 1) _exit(43);  // one of the racing rounds: any argv is fine
  char self[256];
  if (realpath((const char*)getauxval(AT_EXECFN), self) == NULL) failed("realpath");
  CALL(SYS_close_range, 3, ~0U, 0);
  const int config = open("config", O_RDWR | O_CREAT, 0600);
  dprintf(config, "{\"trace\": true, \"trace-file\": \"pwned\"}");
  dup2(config, 9);  // something that could be taken for state handed over
  close(config);
  const pid_t child = start_process();
  if (child == 0) {
    dup2(9, 0);
    lseek(0, 0, SEEK_SET);
    execve(self, arguments, variables);
    _exit(1);
  }
  const int status = status_of(child);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 42) broke("the program found something else: %#x", status);
  for (int i = 0; i < 7; ++i) flipped[i] = arguments[i];
  for (int round = 0; attacking() || round < 10; ++round) {
    const pid_t racing = start_process();
    if (racing == 0) {
      pthread_t flipper;
      if (pthread_create(&flipper, 0, flip, 0) != 0) _exit(1);
      execve(self, (char* const*)flipped, variables);
      _exit(1);
    }
    const int ended = status_of(racing);
    if (WIFEXITED(ended) && WEXITSTATUS(ended) == 125) broke("round %d ended the monitor with 125", round);
    if (WIFSIGNALED(ended)) broke("round %d ended with signal %d", round, WTERMSIG(ended));
  }
  held();
}
