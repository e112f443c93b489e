// Promise 6. The number of mappings, the address space and the limits run out, also when a thread sets them by another
// thread's number or a process for its parent: ENOMEM for the payload, never the end of the monitor.

// natively: held
#include "attack.h"

#include <sys/auxv.h>
#include <sys/resource.h>

enum { kPage = 4096 };

static atomic_int other_tid;

static void* wait_for_the_end(void* unused) {
  other_tid = (int)syscall(SYS_gettid);
  while (!attack_is_over) usleep(10000);
  return unused;
}

static void use_the_monitor(const char* when) {
  char byte;
  const int fd = open("/dev/zero", O_RDONLY);
  if (fd < 0 || read(fd, &byte, 1) != 1) broke("no call works %s: %d", when, errno);
  close(fd);
}

// Neighbours of different protection never merge.
static void exhaust_mappings(void) {
  char* area = mmap(0, 200000UL * kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (area == MAP_FAILED) failed("mmap");
  long result = 0;
  for (long i = 0; i < 100000 && result == 0; ++i) result = CALL(SYS_mprotect, area + 2 * i * kPage, kPage, PROT_READ);
  if (result != 0 && result != -ENOMEM) broke("mprotect gave %ld", result);
  use_the_monitor("without mappings");
  if (CALL(SYS_munmap, area, 200000UL * kPage) != 0 && CALL(SYS_munmap, area, kPage) != 0) broke("munmap fails");
  CALL(SYS_munmap, area, 200000UL * kPage);
}

static void exhaust_addresses(void) {
  for (uint64_t size = 1UL << 46; size > 1UL << 30; size >>= 1) {
    while (mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) != MAP_FAILED) {
    }
  }
  use_the_monitor("without addresses");
}

static void set_limits_of(pid_t process) {
  static const int resources[] = {RLIMIT_AS, RLIMIT_DATA, RLIMIT_STACK, RLIMIT_NOFILE, RLIMIT_MEMLOCK, RLIMIT_FSIZE};
  for (size_t i = 0; i < sizeof resources / sizeof *resources; ++i) {
    struct rlimit limit;
    if (prlimit(process, (enum __rlimit_resource)resources[i], NULL, &limit) != 0) continue;
    limit.rlim_cur = resources[i] == RLIMIT_NOFILE ? 64 : 4096;
    prlimit(process, (enum __rlimit_resource)resources[i], &limit, NULL);
  }
}

// The limits are set for the whole process by whatever number names it; natively, too, what runs goes on.
static int attack(int number) {
  signal(SIGXFSZ, SIG_IGN);
  switch (number) {
    case 0: exhaust_mappings(); break;
    case 1: exhaust_addresses(); break;
    case 2:
      start_thread(wait_for_the_end, 0);
      while (other_tid == 0) sched_yield();
      set_limits_of(other_tid);
      break;
    case 3: set_limits_of(getpid()); break;
  }
  use_the_monitor("after the attack");
  attack_is_over = 1;
  return 0;
}

int main(void) {
  for (int number = 0; number < 4; ++number) {
    const pid_t child = start_process();
    if (child == 0) _exit(attack(number));
    const int status = status_of(child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) cannot("threads");
    if (status != 0) broke("attack %d ended with %#x", number, status);
  }
  // A child's limits, set by its parent.
  int ends[2];
  char byte;
  pipe(ends);
  const pid_t child = start_process();
  if (child == 0) {
    read(ends[0], &byte, 1);
    use_the_monitor("with limits of the parent's choice");
    _exit(0);
  }
  set_limits_of(child);
  write(ends[1], "x", 1);
  const int status = status_of(child);
  if (status != 0) broke("the limited child ended with %#x", status);
  held();
}
