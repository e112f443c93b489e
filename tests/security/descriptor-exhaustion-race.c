// Promise 6. Every descriptor number is taken, the limit sinks and rises, while threads, processes, signals and
// programs start: each may fail with EMFILE or EAGAIN, the monitor lives and goes on when there is room again.

// natively: held
#include "attack.h"

#include <sys/auxv.h>
#include <sys/resource.h>

static atomic_int signals;
static void count(int signal) { ++signals; }

static void* fill(void* unused) {
  while (attacking()) {
    for (int i = 0; i < 5000 && dup(0) >= 0; ++i) {
    }
    CALL(SYS_dup2, 0, 1023);
    CALL(SYS_dup2, 0, 255);
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_cur > 300 ? 8 : 1024 < limit.rlim_max ? 1024 : limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  return unused;
}

static void* nothing(void* argument) { return argument; }

static void try_everything(const char* self) {
  pthread_t thread;
  const int error = pthread_create(&thread, 0, nothing, 0);
  if (error == 0) join(thread);
  if (error != 0 && error != EAGAIN && error != ENOMEM) broke("pthread_create gave %d", error);
  const pid_t child = fork();
  if (child == 0) {
    execl(self, self, "end", NULL);
    _exit(errno == EMFILE || errno == ENFILE || errno == EAGAIN || errno == ENOMEM ? 0 : 3);
  }
  if (child < 0 && errno != EAGAIN && errno != ENOMEM && errno != EMFILE) broke("fork gave %d", errno);
  if (child > 0) {
    const int status = status_of(child);
    if (status != 0) broke("a child ended with %#x", status);
  }
  const int before = signals;
  raise(SIGUSR1);
  if (signals == before) broke("a signal was lost");
  int ends[2];
  if (pipe(ends) != 0 && errno != EMFILE) broke("pipe gave %d", errno);
  void* memory = mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) broke("mmap gave %d", errno);
  memset(memory, 1, 1 << 20);
  munmap(memory, 1 << 20);
}

int main(int argc, char** argv) {
  if (argc > 1) return 0;
  char self[256];
  if (realpath((const char*)getauxval(AT_EXECFN), self) == NULL) failed("realpath");
  signal(SIGUSR1, count);
  const pthread_t filler = start_thread(fill, 0);
  for (int round = 0; attacking() || round < 5; ++round) try_everything(self);
  join(filler);
  struct rlimit limit = {1024, 1024};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  CALL(SYS_close_range, 3, ~0U, 0);
  if (open("/dev/null", O_RDONLY) != 3) broke("there is no room after all was closed: %d", errno);
  join(start_thread(nothing, 0));
  held();
}
