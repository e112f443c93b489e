// Promise 6. As many threads as can be had, in several processes at once: where they end, pthread_create gives EAGAIN
// or ENOMEM, those that run go on.

// natively: held
#include "attack.h"

#include <sys/resource.h>

enum { kThreads = 700 };
static atomic_int running;
static int gate[2];

static void* wait_for_the_end(void* unused) {
  char byte;
  ++running;
  read(gate[0], &byte, 1);
  return unused;
}

static int exhaust(void) {
  static pthread_t threads[kThreads];
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 65536);
  int started = 0, error = 0;
  while (started < kThreads && (error = pthread_create(&threads[started], &attributes, wait_for_the_end, 0)) == 0)
    ++started;
  if (error != 0 && error != EAGAIN && error != ENOMEM) return 3;
  if (started < 20) return 4;
  while (running < started) sched_yield();
  close(gate[1]);
  for (int i = 0; i < started; ++i) join(threads[i]);
  join(start_thread(wait_for_the_end, 0));
  return 0;
}

static void* nothing(void* argument) { return argument; }

int main(void) {
  join(start_thread(nothing, 0));
  const int limits[] = {1024, 300, 64};
  for (size_t i = 0; i < sizeof limits / sizeof *limits; ++i) {
    const pid_t child = start_process();
    if (child == 0) {
      const struct rlimit limit = {(rlim_t)limits[i], (rlim_t)limits[i]};
      setrlimit(RLIMIT_NOFILE, &limit);
      pipe(gate);
      _exit(exhaust());
    }
    const int status = status_of(child);
    if (status != 0) broke("with %d descriptors the child ended with %#x", limits[i], status);
  }
  held();
}
