// Scheduling, affinity, priorities, membarrier, and prctl's small state.
#include "tests/conformance/case.h"

#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

static void* affinity_of_thread(void* unused) {
  (void)unused;
  cpu_set_t set;
  MUST(sched_getaffinity(0, sizeof set, &set));
  return (void*)(long)(CPU_COUNT(&set) == 1 && CPU_ISSET(0, &set) && sched_getcpu() == 0);
}

CASE(affinity) {
  cpu_set_t set, before;
  pthread_t thread;
  void* result;
  MUST(sched_getaffinity(0, sizeof before, &before));
  say("CPUs %d, online %ld", CPU_COUNT(&before), sysconf(_SC_NPROCESSORS_ONLN));
  CPU_ZERO(&set);
  CPU_SET(0, &set);
  MUST(sched_setaffinity(0, sizeof set, &set));
  say("main %ld", (long)affinity_of_thread(NULL));
  if (pthread_create(&thread, NULL, affinity_of_thread, NULL)) abort();
  pthread_join(thread, &result);
  say("thread %ld", (long)result);
  CPU_ZERO(&set);
  CHECK_ERR(sched_setaffinity(0, sizeof set, &set), EINVAL);
  CHECK_ERR(sched_setaffinity(0x7ffffff0, sizeof set, &before), ESRCH);
  CHECK_ERR(syscall(SYS_sched_getaffinity, 0, 4, &set), EINVAL);
  say("size %ld", syscall(SYS_sched_getaffinity, 0, sizeof set, &set) % 8);
}

static void* wait_a_while(void* tid) {
  *(volatile int*)tid = my_tid();
  for (;;) pause();
  return NULL;
}

CASE(affinity_of_another_thread) {
  cpu_set_t set;
  pthread_t thread;
  volatile int tid = 0;
  if (pthread_create(&thread, NULL, wait_a_while, (void*)&tid)) abort();
  while (!tid) nap_ms(1);
  CPU_ZERO(&set);
  CPU_SET(0, &set);
  CHECK_EQ(sched_setaffinity(tid, sizeof set, &set), 0);
  CPU_ZERO(&set);
  CHECK_EQ(sched_getaffinity(tid, sizeof set, &set), 0);
  say("theirs %d, mine unchanged %d", CPU_COUNT(&set),
      sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) == sysconf(_SC_NPROCESSORS_ONLN));
}

CASE(policies) {
  struct sched_param parameter = {0};
  say("policy %ld", syscall(SYS_sched_getscheduler, 0));
  CHECK_EQ(syscall(SYS_sched_setscheduler, 0, SCHED_BATCH, &parameter), 0);
  say("policy %ld", syscall(SYS_sched_getscheduler, 0));
  CHECK_EQ(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &parameter), 0);
  parameter.sched_priority = 5;
  CHECK_ERR(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &parameter), EINVAL);
  CHECK_ERR(syscall(SYS_sched_setscheduler, 0, 77, &parameter), EINVAL);
  CHECK_EQ(syscall(SYS_sched_getparam, 0, &parameter), 0);
  say("priority %d", parameter.sched_priority);
  say("FIFO %d to %d, OTHER %d to %d", sched_get_priority_min(SCHED_FIFO), sched_get_priority_max(SCHED_FIFO),
      sched_get_priority_min(SCHED_OTHER), sched_get_priority_max(SCHED_OTHER));
  struct timespec interval;
  CHECK_EQ(sched_rr_get_interval(0, &interval), 0);
  CHECK_EQ(sched_yield(), 0);
}

CASE(attributes) {
  struct {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
  } attributes;
  memset(&attributes, 0, sizeof attributes);
  CHECK_EQ(syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0), 0);
  say("policy %u, nice %d", attributes.policy, attributes.nice);
  attributes.size = sizeof attributes;
  attributes.nice = 4;
  CHECK_EQ(syscall(SYS_sched_setattr, 0, &attributes, 0), 0);
  say("nice %d", getpriority(PRIO_PROCESS, 0));
}

static void* nice_of_thread(void* unused) {
  (void)unused;
  int before = getpriority(PRIO_PROCESS, 0);
  MUST(setpriority(PRIO_PROCESS, 0, 9));
  return (void*)(long)before;
}

CASE(nice_is_per_thread) {
  pthread_t thread;
  void* before;
  MUST(setpriority(PRIO_PROCESS, 0, 2));
  if (pthread_create(&thread, NULL, nice_of_thread, NULL)) abort();
  pthread_join(thread, &before);
  say("inherited %ld, main still %d", (long)before, getpriority(PRIO_PROCESS, 0));
  errno = 0;
  CHECK_EQ(nice(3), 5);
  CHECK_ERR(setpriority(77, 0, 1), EINVAL);
  CHECK_ERR(getpriority(PRIO_PROCESS, 0x7ffffff0), ESRCH);
}

enum { kQuery = 0, kGlobal = 1, kPrivate = 8, kRegisterPrivate = 16 };
CASE(membarriers) {
  long supported = syscall(SYS_membarrier, kQuery, 0, 0);
  say("supported %d", (supported & (kGlobal | kPrivate | kRegisterPrivate)) == (kGlobal | kPrivate | kRegisterPrivate));
  CHECK_ERR(syscall(SYS_membarrier, kPrivate, 0, 0), EPERM);
  CHECK_EQ(syscall(SYS_membarrier, kRegisterPrivate, 0, 0), 0);
  CHECK_EQ(syscall(SYS_membarrier, kPrivate, 0, 0), 0);
  CHECK_ERR(syscall(SYS_membarrier, 1 << 30, 0, 0), EINVAL);
  CHECK_ERR(syscall(SYS_membarrier, kQuery, 5, 0), EINVAL);
}

static volatile int stop_flag, x, y;
static void* fence_light(void* unused) {
  while (!stop_flag) {
    x++;
    __asm__ volatile("" ::: "memory");
    y = x;
  }
  return unused;
}
CASE(membarrier_with_running_threads) {
  pthread_t thread;
  MUST(syscall(SYS_membarrier, kRegisterPrivate, 0, 0));
  if (pthread_create(&thread, NULL, fence_light, NULL)) abort();
  for (int i = 0; i < 200; i++) MUST(syscall(SYS_membarrier, kPrivate, 0, 0));
  stop_flag = 1;
  pthread_join(thread, NULL);
  say("equal %d", x == y);
}

CASE(getcpu_calls) {
  unsigned cpu = 99, node = 99;
  CHECK_EQ(syscall(SYS_getcpu, &cpu, &node, NULL), 0);
  CHECK(cpu < 4096 && node < 64);
  CHECK(sched_getcpu() >= 0);
  say("plausible");
}

CASE(small_prctl_state) {
  int value = -1;
  say("no_new_privs %d", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
  CHECK_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
  say("no_new_privs %d", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
  CHECK_ERR(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0), EINVAL);
  CHECK_EQ(prctl(PR_GET_DUMPABLE), 1);
  CHECK_EQ(prctl(PR_GET_KEEPCAPS), 0);
  CHECK_EQ(prctl(PR_SET_TIMERSLACK, 60000, 0, 0, 0), 0);
  say("slack %d", prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0));
  CHECK_EQ(prctl(PR_GET_CHILD_SUBREAPER, &value, 0, 0, 0), 0);
  say("subreaper %d", value);
  CHECK_ERR(prctl(0x12345, 0, 0, 0, 0), EINVAL);
}

CASE(system_names) {
  struct utsname name;
  MUST(uname(&name));
  say("%s %s", name.sysname, name.machine);
  CHECK(name.nodename[0] && name.release[0] >= '4' && strchr(name.release, '.'));
}

CASE(personality_query) { say("%ld", syscall(SYS_personality, 0xffffffffUL)); }

CASE(io_priority) {
  long before = syscall(SYS_ioprio_get, 1, 0);
  CHECK(before >= 0);
  CHECK_EQ(syscall(SYS_ioprio_set, 1, 0, 3 << 13), 0);
  say("%ld", syscall(SYS_ioprio_get, 1, 0));
}
