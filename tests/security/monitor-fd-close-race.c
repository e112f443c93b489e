// Promise 2. Threads start and end (each needs a virtual CPU, whose descriptor has a low number for an instant) while
// others close, duplicate, replace and map every number that is not theirs.

// natively: broke
#include "attack.h"

enum { kFirst = 3, kLast = 300, kCopies = 700 };

static void check(int fd, int number, const char* how) {
  if (!is_forbidden_fd(fd)) return;
  char text[256];
  name_of_fd(fd, &text);
  broke("%s gave %s, number %d", how, text, number);
}

static void* take(void* unused) {
  while (attacking()) {
    for (int number = kFirst; number < kLast; ++number) {
      const int copy = (int)CALL(SYS_fcntl, number, F_DUPFD_CLOEXEC, kCopies);
      if (copy < 0) continue;
      check(copy, number, "F_DUPFD");
      close(copy);
      void* run = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, number, 0);
      if (run != MAP_FAILED) broke("number %d could be mapped", number);
      if (CALL(SYS_ioctl, number, 0xae00 /* KVM_GET_API_VERSION */, 0) == 12) broke("number %d answers as KVM", number);
    }
  }
  return unused;
}

static void* replace(void* unused) {
  while (attacking()) {
    for (int number = kFirst; number < 24; ++number) {
      CALL(SYS_dup2, 0, number);
      CALL(SYS_close, number);
    }
    CALL(SYS_close_range, kFirst, kCopies - 1, 0);
    CALL(SYS_close_range, kCopies + 300, ~0U, 0);
  }
  return unused;
}

static void* nothing(void* argument) { return argument; }

// What a monitor does, for the native run.
static void* pretend_to_be_a_monitor(void* unused) {
  while (attacking()) close(open("/dev/kvm", O_RDWR | O_CLOEXEC));
  return unused;
}

// Everything at once, in a process whose pool of virtual CPUs is still empty; more threads each time.
static void attack(void) {
  pthread_t attackers[4] = {start_thread(take, 0), start_thread(replace, 0), start_thread(take, 0)};
  attackers[3] = start_thread(is_kontained() ? nothing : pretend_to_be_a_monitor, 0);
  for (int many = 1; many < 60 && attacking(); many += 6) {
    pthread_t threads[64];
    int started = 0;
    while (started < many && pthread_create(&threads[started], 0, nothing, 0) == 0) ++started;
    for (int i = 0; i < started; ++i) join(threads[i]);
  }
  attack_is_over = 1;
  for (int i = 0; i < 4; ++i) join(attackers[i]);
  join(start_thread(nothing, 0));
}

int main(void) {
  attacking();
  for (int round = 0; attacking() || round < 4; ++round) {
    const pid_t child = start_process();
    if (child == 0) {
      attack();
      _exit(0);
    }
    const int status = status_of(child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) cannot("threads");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 1) _exit(1);
    if (status != 0) broke("round %d ended with %#x", round, status);
  }
  held();
}
