// futex(2) called directly: every operation, its errors, and what the kernel does for threads that end.
#include "tests/conformance/case.h"

#include <linux/futex.h>
#include <pthread.h>

static long futex(volatile void* word, int op, unsigned value, const void* timeout, volatile void* word2,
                  unsigned value3) {
  return syscall(SYS_futex, word, op, value, timeout, word2, value3);
}

static volatile unsigned words[4];

// A thread that makes one futex call and remembers how it ended.
struct Waiter {
  pthread_t thread;
  volatile int tid;
  volatile int done;
  int op;
  volatile unsigned* word;
  unsigned value, mask;
  const struct timespec* timeout;
  volatile unsigned* word2;
  long result;
  int error;
};

static void* wait_here(void* argument) {
  struct Waiter* me = (struct Waiter*)argument;
  me->tid = my_tid();
  me->result = futex(me->word, me->op, me->value, me->timeout, me->word2, me->mask);
  me->error = me->result == -1 ? errno : 0;
  me->done = 1;
  return NULL;
}

static void start_waiter(struct Waiter* waiter, int op, volatile unsigned* word, unsigned value, unsigned mask) {
  waiter->op = op;
  waiter->word = word;
  waiter->value = value;
  waiter->mask = mask;
  if (pthread_create(&waiter->thread, NULL, wait_here, waiter)) abort();
  while (!waiter->tid) nap_ms(1);
  wait_asleep(waiter->tid);
}

static void join_waiter(struct Waiter* waiter) {
  pthread_join(waiter->thread, NULL);
  say("waiter: %ld, errno %d", waiter->result, waiter->error);
}

static struct timespec in_ms(clockid_t clock, long ms) {
  struct timespec time;
  clock_gettime(clock, &time);
  time.tv_nsec += ms * 1000000;
  time.tv_sec += time.tv_nsec / 1000000000;
  time.tv_nsec %= 1000000000;
  return time;
}

CASE(wait_with_another_value) {
  words[0] = 5;
  CHECK_ERR(futex(&words[0], FUTEX_WAIT, 4, NULL, NULL, 0), EAGAIN);
  CHECK_ERR(futex(&words[0], FUTEX_WAIT_PRIVATE, 6, NULL, NULL, 0), EAGAIN);
  CHECK_ERR(futex(&words[0], FUTEX_WAIT_BITSET, 6, NULL, NULL, 1), EAGAIN);
  say("EAGAIN");
}

CASE(wait_times_out) {
  struct timespec time = {0, 20000000}, zero = {0, 0}, past = {1, 0};
  CHECK_ERR(futex(&words[0], FUTEX_WAIT_PRIVATE, 0, &time, NULL, 0), ETIMEDOUT);
  CHECK_ERR(futex(&words[0], FUTEX_WAIT_PRIVATE, 0, &zero, NULL, 0), ETIMEDOUT);
  time = in_ms(CLOCK_MONOTONIC, 20);
  CHECK_ERR(futex(&words[0], FUTEX_WAIT_BITSET_PRIVATE, 0, &time, NULL, ~0u), ETIMEDOUT);
  CHECK(now_ms(CLOCK_MONOTONIC) * 1000000 >= time.tv_sec * 1000000000LL + time.tv_nsec - 1000000);
  time = in_ms(CLOCK_REALTIME, 20);
  CHECK_ERR(futex(&words[0], FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME, 0, &time, NULL, ~0u), ETIMEDOUT);
  CHECK_ERR(futex(&words[0], FUTEX_WAIT_BITSET_PRIVATE, 0, &past, NULL, ~0u), ETIMEDOUT);
  say("ETIMEDOUT");
}

CASE(bad_arguments) {
  struct timespec bad = {0, 1000000000}, negative = {-1, 0};
  CHECK_ERR(futex((char*)words + 1, FUTEX_WAIT, 0, NULL, NULL, 0), EINVAL);
  CHECK_ERR(futex((char*)words + 2, FUTEX_WAKE, 1, NULL, NULL, 0), EINVAL);
  CHECK_ERR(futex((void*)16, FUTEX_WAIT, 0, NULL, NULL, 0), EFAULT);
  CHECK_ERR(futex((void*)-4096L, FUTEX_WAIT, 0, NULL, NULL, 0), EFAULT);
  CHECK_ERR(futex(&words[0], FUTEX_WAIT, 0, &bad, NULL, 0), EINVAL);
  CHECK_ERR(futex(&words[0], FUTEX_WAIT, 0, &negative, NULL, 0), EINVAL);
  CHECK_ERR(futex(&words[0], FUTEX_WAIT, 0, (void*)16, NULL, 0), EFAULT);
  CHECK_ERR(futex(&words[0], FUTEX_WAIT_BITSET, 0, NULL, NULL, 0), EINVAL);
  CHECK_ERR(futex(&words[0], FUTEX_WAKE_BITSET, 1, NULL, NULL, 0), EINVAL);
  CHECK_ERR(futex(&words[0], 99, 0, NULL, NULL, 0), ENOSYS);
  CHECK_ERR(futex(&words[0], FUTEX_WAKE | FUTEX_CLOCK_REALTIME, 1, NULL, NULL, 0), ENOSYS);
  CHECK_EQ(futex(&words[0], FUTEX_WAKE, 1, NULL, NULL, 0), 0);
  say("refused");
}

CASE(unreadable_word) {
  unsigned* word = (unsigned*)private_memory(PAGE, PROT_NONE);
  CHECK_ERR(futex(word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0), EFAULT);
  MUST(mprotect(word, PAGE, PROT_READ));
  CHECK_ERR(futex(word, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0), EAGAIN);
  CHECK_ERR(futex(word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0), EFAULT);
  say("EFAULT");
}

CASE(wake_counts) {
  struct Waiter waiters[3] = {{0}, {0}, {0}};
  for (int i = 0; i < 3; i++) start_waiter(&waiters[i], FUTEX_WAIT_PRIVATE, &words[0], 0, 0);
  CHECK_EQ(futex(&words[1], FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0), 0);
  say("woke %ld", futex(&words[0], FUTEX_WAKE_PRIVATE, 2, NULL, NULL, 0));
  say("woke %ld", futex(&words[0], FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0));
  say("woke %ld", futex(&words[0], FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0));
  for (int i = 0; i < 3; i++) join_waiter(&waiters[i]);
}

CASE(private_and_shared_are_apart) {
  struct Waiter waiter = {0};
  start_waiter(&waiter, FUTEX_WAIT_PRIVATE, &words[0], 0, 0);
  say("shared woke %ld", futex(&words[0], FUTEX_WAKE, 9, NULL, NULL, 0));
  say("private woke %ld", futex(&words[0], FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0));
  join_waiter(&waiter);
}

CASE(bitsets_select) {
  struct Waiter waiters[2] = {{0}, {0}};
  start_waiter(&waiters[0], FUTEX_WAIT_BITSET_PRIVATE, &words[0], 0, 1);
  start_waiter(&waiters[1], FUTEX_WAIT_BITSET_PRIVATE, &words[0], 0, 2);
  say("4 woke %ld", futex(&words[0], FUTEX_WAKE_BITSET_PRIVATE, 9, NULL, NULL, 4));
  say("2 woke %ld", futex(&words[0], FUTEX_WAKE_BITSET_PRIVATE, 9, NULL, NULL, 2));
  join_waiter(&waiters[1]);
  CHECK_EQ(waiters[0].done, 0);
  say("3 woke %ld", futex(&words[0], FUTEX_WAKE_BITSET_PRIVATE, 9, NULL, NULL, 3));
  join_waiter(&waiters[0]);
}

CASE(requeue) {
  struct Waiter waiters[3] = {{0}, {0}, {0}};
  for (int i = 0; i < 3; i++) start_waiter(&waiters[i], FUTEX_WAIT_PRIVATE, &words[0], 0, 0);
  say("requeue %ld", futex(&words[0], FUTEX_REQUEUE_PRIVATE, 1, (void*)1, &words[1], 0));
  say("first word woke %ld", futex(&words[0], FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0));
  say("second word woke %ld", futex(&words[1], FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0));
  for (int i = 0; i < 3; i++) join_waiter(&waiters[i]);
}

CASE(compare_and_requeue) {
  struct Waiter waiters[3] = {{0}, {0}, {0}};
  CHECK_ERR(futex(&words[0], FUTEX_CMP_REQUEUE_PRIVATE, 1, (void*)1, &words[1], 7), EAGAIN);
  for (int i = 0; i < 3; i++) start_waiter(&waiters[i], FUTEX_WAIT_PRIVATE, &words[0], 0, 0);
  say("requeue %ld", futex(&words[0], FUTEX_CMP_REQUEUE_PRIVATE, 1, (void*)9, &words[1], 0));
  say("second word woke %ld", futex(&words[1], FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0));
  for (int i = 0; i < 3; i++) join_waiter(&waiters[i]);
}

CASE(wake_op) {
  struct Waiter waiters[2] = {{0}, {0}};
  words[1] = 4;
  start_waiter(&waiters[0], FUTEX_WAIT_PRIVATE, &words[0], 0, 0);
  start_waiter(&waiters[1], FUTEX_WAIT_PRIVATE, &words[1], 4, 0);
  int op = FUTEX_OP(FUTEX_OP_ADD, 3, FUTEX_OP_CMP_EQ, 5);
  say("woke %ld, word %u", futex(&words[0], FUTEX_WAKE_OP_PRIVATE, 1, (void*)1, &words[1], op), words[1]);
  op = FUTEX_OP(FUTEX_OP_XOR, 1, FUTEX_OP_CMP_GT, 6);
  long woke = futex(&words[0], FUTEX_WAKE_OP_PRIVATE, 1, (void*)1, &words[1], op);
  say("woke %ld, word %u", woke, words[1]);
  for (int i = 0; i < 2; i++) join_waiter(&waiters[i]);
  op = FUTEX_OP((FUTEX_OP_OR | FUTEX_OP_OPARG_SHIFT), 4, FUTEX_OP_CMP_NE, 0);
  woke = futex(&words[0], FUTEX_WAKE_OP_PRIVATE, 1, (void*)1, &words[1], op);
  say("woke %ld, word %u", woke, words[1]);
  CHECK_ERR(futex(&words[0], FUTEX_WAKE_OP, 1, (void*)1, (void*)16, op), EFAULT);
}

static int wait_in_child(void* word) { return futex(word, FUTEX_WAIT, 0, NULL, NULL, 0) == 0 ? 3 : errno; }

static void wake_child(volatile unsigned* mine, pid_t child) {
  wait_asleep_in(child, child);
  say("woke %ld", futex(mine, FUTEX_WAKE, 9, NULL, NULL, 0));
  say_status("child", wait_for(child));
}

CASE(shared_over_fork) {
  unsigned* word = (unsigned*)shared_memory(PAGE);
  wake_child(word, start_child(wait_in_child, word));
}

CASE(shared_file_at_two_addresses) {
  int fd = make_file("word", "\0\0\0\0", 4, 0600);
  unsigned* first = (unsigned*)MUST(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
  unsigned* second = (unsigned*)MUST(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
  struct Waiter waiter = {0};
  start_waiter(&waiter, FUTEX_WAIT, first, 0, 0);
  say("woke %ld", futex(second, FUTEX_WAKE, 9, NULL, NULL, 0));
  join_waiter(&waiter);
  wake_child(second, start_child(wait_in_child, first));
}

CASE(private_memory_over_fork_is_apart) {
  unsigned* word = (unsigned*)private_memory(PAGE, PROT_READ | PROT_WRITE);
  pid_t child = start_child(wait_in_child, word);
  wait_asleep_in(child, child);
  say("woke %ld", futex(word, FUTEX_WAKE, 9, NULL, NULL, 0));
  kill(child, SIGKILL);
  say_status("child", wait_for(child));
}

CASE(lock_pi_uncontended) {
  CHECK_EQ(futex(&words[0], FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0), 0);
  CHECK_EQ(words[0] & FUTEX_TID_MASK, my_tid());
  CHECK_ERR(futex(&words[0], FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0), EDEADLK);
  CHECK_ERR(futex(&words[0], FUTEX_TRYLOCK_PI_PRIVATE, 0, NULL, NULL, 0), EDEADLK);
  CHECK_EQ(futex(&words[0], FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0), 0);
  CHECK_EQ(words[0], 0);
  CHECK_ERR(futex(&words[0], FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0), EPERM);
  words[1] = 0x3ffffff0;
  CHECK_ERR(futex(&words[1], FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0), ESRCH);
  say("as documented");
}

CASE(lock_pi_contended) {
  struct Waiter waiter = {0}, trier = {0}, late = {0};
  struct timespec soon = in_ms(CLOCK_REALTIME, 30);
  CHECK_EQ(futex(&words[0], FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0), 0);
  trier.done = 0;
  start_waiter(&trier, FUTEX_TRYLOCK_PI_PRIVATE, &words[0], 0, 0);
  join_waiter(&trier);
  late.timeout = &soon;
  start_waiter(&late, FUTEX_LOCK_PI_PRIVATE, &words[0], 0, 0);
  join_waiter(&late);
  start_waiter(&waiter, FUTEX_LOCK_PI_PRIVATE, &words[0], 0, 0);
  CHECK(words[0] & FUTEX_WAITERS);
  CHECK_EQ(futex(&words[0], FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0), 0);
  join_waiter(&waiter);
  say("owner died %d", (words[0] & FUTEX_OWNER_DIED) != 0 || (words[0] & FUTEX_TID_MASK) == (unsigned)waiter.tid);
}

static volatile int step;
static struct robust_list_head robust_head;
static struct {
  struct robust_list list;
  volatile unsigned word;
} robust_lock;

// Owns one lock in its robust list when it ends, by the raw call so that the C library tidies nothing.
static void* die_owning(void* unused) {
  (void)unused;
  robust_head.list.next = &robust_lock.list;
  robust_lock.list.next = &robust_head.list;
  robust_head.futex_offset = (char*)&robust_lock.word - (char*)&robust_lock.list;
  CHECK_EQ(syscall(SYS_set_robust_list, &robust_head, sizeof robust_head), 0);
  robust_lock.word = my_tid() | FUTEX_WAITERS;
  step = 1;
  wait_value(&step, 2);
  syscall(SYS_exit, 0);
  return NULL;
}

CASE(robust_list_of_a_dying_thread) {
  struct Waiter waiter = {0};
  pthread_t thread;
  if (pthread_create(&thread, NULL, die_owning, NULL)) abort();
  wait_value(&step, 1);
  start_waiter(&waiter, FUTEX_WAIT, &robust_lock.word, robust_lock.word, 0);
  step = 2;
  join_waiter(&waiter);
  say("word %x", robust_lock.word & ~FUTEX_WAITERS);
}

CASE(robust_list_calls) {
  struct robust_list_head* head = NULL;
  size_t size = 0;
  CHECK_ERR(syscall(SYS_set_robust_list, &robust_head, sizeof robust_head - 1), EINVAL);
  CHECK_EQ(syscall(SYS_set_robust_list, &robust_head, sizeof robust_head), 0);
  CHECK_EQ(syscall(SYS_get_robust_list, 0, &head, &size), 0);
  CHECK(head == &robust_head && size == sizeof robust_head);
  CHECK_EQ(syscall(SYS_get_robust_list, my_tid(), &head, &size), 0);
  CHECK_ERR(syscall(SYS_get_robust_list, 0, (void*)16, &size), EFAULT);
  robust_head.list.next = &robust_head.list;
  say("as documented");
}

static int die_in_child(void* unused) {
  (void)unused;
  volatile unsigned* word = (volatile unsigned*)unused;
  robust_head.list.next = (struct robust_list*)(word + 2);
  ((struct robust_list*)(word + 2))->next = &robust_head.list;
  robust_head.futex_offset = -8;
  syscall(SYS_set_robust_list, &robust_head, sizeof robust_head);
  *word = my_tid();
  raise(SIGKILL);
  return 0;
}

CASE(robust_list_of_a_killed_process) {
  volatile unsigned* word = (volatile unsigned*)shared_memory(PAGE);
  say_status("child", run_child(die_in_child, (void*)word));
  say("%s", *word == FUTEX_OWNER_DIED ? "owner died" : "still locked");
}

static void ignore(int signal) { (void)signal; }

static void* interrupt_main(void* tid) {
  wait_asleep((int)(long)tid);
  MUST(syscall(SYS_tgkill, getpid(), (int)(long)tid, SIGUSR1));
  return NULL;
}

static void interrupted_wait(int flags, const struct timespec* timeout, const char* what) {
  pthread_t thread;
  set_handler(SIGUSR1, ignore, flags);
  if (pthread_create(&thread, NULL, interrupt_main, (void*)(long)my_tid())) abort();
  long result = futex(&words[0], FUTEX_WAIT_PRIVATE, 0, timeout, NULL, 0);
  say("%s: %ld, errno %d", what, result, errno);
  pthread_join(thread, NULL);
}

CASE(interrupted_wait_without_timeout) { interrupted_wait(0, NULL, "no restart"); }
CASE(interrupted_wait_with_timeout) {
  struct timespec far = {50, 0}, near = {0, 200000000};
  interrupted_wait(0, &far, "no restart");
  interrupted_wait(SA_RESTART, &near, "with restart");
}

static void* wait_requeue_pi(void* argument) {
  struct Waiter* me = (struct Waiter*)argument;
  me->tid = my_tid();
  me->result = futex(&words[0], FUTEX_WAIT_REQUEUE_PI_PRIVATE, 0, NULL, &words[1], 0);
  me->error = me->result == -1 ? errno : 0;
  CHECK_EQ(words[1] & FUTEX_TID_MASK, me->tid);
  CHECK_EQ(futex(&words[1], FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0), 0);
  return NULL;
}

CASE(requeue_pi) {
  struct Waiter waiters[2] = {{0}, {0}};
  for (int i = 0; i < 2; i++) {
    if (pthread_create(&waiters[i].thread, NULL, wait_requeue_pi, &waiters[i])) abort();
    while (!waiters[i].tid) nap_ms(1);
    wait_asleep(waiters[i].tid);
  }
  CHECK_EQ(futex(&words[1], FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0), 0);
  say("requeue %ld", futex(&words[0], FUTEX_CMP_REQUEUE_PI_PRIVATE, 1, (void*)5, &words[1], 0));
  CHECK_EQ(futex(&words[1], FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0), 0);
  for (int i = 0; i < 2; i++) join_waiter(&waiters[i]);
}

// Raw threads: clone as a thread library calls it, without one.

static volatile int child_tid_word, parent_tid_word;
static char stack[65536] __attribute__((aligned(16)));

// clone(2) with a function to run on the new stack; the new thread must not use the C library.
__attribute__((noinline)) static long raw_clone(unsigned long flags, void* top, volatile int* parent_tid,
                                                volatile int* child_tid, void* tls, void (*body)(void)) {
  long result;
  register volatile int* r10 __asm__("r10") = child_tid;
  register void* r8 __asm__("r8") = tls;
  register void (*r9)(void) __asm__("r9") = body;
  __asm__ volatile(
      "syscall\n"
      "test %%rax, %%rax\n"
      "jnz 1f\n"
      "xor %%ebp, %%ebp\n"
      "call *%%r9\n"
      "mov $60, %%eax\n"
      "xor %%edi, %%edi\n"
      "syscall\n"
      "1:"
      : "=a"(result)
      : "0"(56L), "D"(flags), "S"(top), "d"(parent_tid), "r"(r10), "r"(r8), "r"(r9)
      : "rcx", "r11", "memory");
  return result;
}

#define THREAD_FLAGS (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)
#include <sched.h>

static volatile int seen;
static void set_seen(void) { seen = child_tid_word ? 2 : 1; }

static void join_raw(void) {
  for (int value; (value = child_tid_word) != 0;) futex(&child_tid_word, FUTEX_WAIT, value, NULL, NULL, 0);
}

CASE(clone_sets_and_clears_the_tid) {
  child_tid_word = -1;
  long tid = raw_clone(THREAD_FLAGS | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID,
                       stack + sizeof stack, &parent_tid_word, &child_tid_word, NULL, set_seen);
  CHECK(tid > 0);
  CHECK_EQ(parent_tid_word, tid);
  join_raw();
  say("seen %d, cleared %d", seen, child_tid_word);
}

static unsigned long tls_block[8] __attribute__((aligned(64)));
static void read_tls(void) {
  unsigned long value;
  __asm__ volatile("mov %%fs:8, %0" : "=r"(value));
  seen = (int)value;
}

CASE(clone_sets_tls) {
  tls_block[1] = 77;
  child_tid_word = 1;
  CHECK(raw_clone(THREAD_FLAGS | CLONE_SETTLS | CLONE_CHILD_CLEARTID, stack + sizeof stack, NULL, &child_tid_word,
                  tls_block, read_tls) > 0);
  join_raw();
  say("fs:8 is %d", seen);
}

static void set_other_tid_address(void) {
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "0"((long)SYS_set_tid_address), "D"(&parent_tid_word)
                   : "rcx", "r11", "memory");
  seen = (int)result;
}

CASE(set_tid_address_moves_the_word) {
  child_tid_word = parent_tid_word = 1;
  long tid = raw_clone(THREAD_FLAGS | CLONE_CHILD_CLEARTID, stack + sizeof stack, NULL, &child_tid_word, NULL,
                       set_other_tid_address);
  while (parent_tid_word) nap_ms(1);
  say("first word %d, result is the tid %d", child_tid_word, seen == tid);
}

// What raw_clone's thread was sent while it blocks everything: the signal, or an errno below zero.
static void wait_for_blocked(void) {
  static const unsigned long all = ~0UL;
  static const struct timespec patience = {10, 0};
  register unsigned long size __asm__("r10") = sizeof all;
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "0"((long)SYS_rt_sigtimedwait), "D"(&all), "S"(NULL), "d"(&patience), "r"(size)
                   : "rcx", "r11", "memory");
  seen = (int)result;
}

// A thread has its creator's mask from its first moment, also for the signals that C libraries keep for themselves.
CASE(signals_of_a_thread_that_begins) {
  unsigned long all = ~0UL, before;
  CHECK_EQ(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &all, &before, sizeof all), 0);
  for (int i = 0; i < 300; i++) {
    int signal = 32 + i % 4;
    seen = 0;
    child_tid_word = 1;
    long tid = raw_clone(THREAD_FLAGS | CLONE_CHILD_CLEARTID, stack + sizeof stack, NULL, &child_tid_word, NULL,
                         wait_for_blocked);
    CHECK_EQ(syscall(SYS_tgkill, getpid(), tid, signal), 0);
    join_raw();
    CHECK_EQ(seen, signal);
  }
  CHECK_EQ(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, sizeof before), 0);
}

CASE(clone_flag_errors) {
  char* top = stack + sizeof stack;
  CHECK_ERR(syscall(SYS_clone, CLONE_THREAD, top, NULL, NULL, NULL), EINVAL);
  CHECK_ERR(syscall(SYS_clone, CLONE_SIGHAND | SIGCHLD, top, NULL, NULL, NULL), EINVAL);
  CHECK_ERR(syscall(SYS_clone, CLONE_THREAD | CLONE_VM, top, NULL, NULL, NULL), EINVAL);
  CHECK_ERR(syscall(SYS_clone, CLONE_FS | CLONE_NEWNS | SIGCHLD, NULL, NULL, NULL, NULL), EINVAL);
  say("EINVAL");
}

struct CloneArgs {
  uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};

CASE(clone3_errors) {
  struct CloneArgs arguments = {0};
  CHECK_ERR(syscall(SYS_clone3, &arguments, 32), EINVAL);
  CHECK_ERR(syscall(SYS_clone3, (void*)16, sizeof arguments), EFAULT);
  arguments.exit_signal = 300;
  CHECK_ERR(syscall(SYS_clone3, &arguments, sizeof arguments), EINVAL);
  arguments.exit_signal = SIGCHLD;
  arguments.stack_size = 4096;
  CHECK_ERR(syscall(SYS_clone3, &arguments, sizeof arguments), EINVAL);
  arguments.stack_size = 0;
  arguments.flags = THREAD_FLAGS;
  CHECK_ERR(syscall(SYS_clone3, &arguments, sizeof arguments), EINVAL);
  arguments.flags = 1ULL << 60;
  CHECK_ERR(syscall(SYS_clone3, &arguments, sizeof arguments), EINVAL);
  CHECK_ERR(syscall(SYS_clone3, &arguments, PAGE + 8), E2BIG);
  say("refused");
}

CASE(clone3_as_fork) {
  struct CloneArgs arguments = {0};
  int parent_tid = 0;
  arguments.exit_signal = SIGCHLD;
  arguments.flags = CLONE_PARENT_SETTID | CLONE_CHILD_SETTID;
  arguments.parent_tid = (uintptr_t)&parent_tid;
  arguments.child_tid = (uintptr_t)&child_tid_word;
  long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
  if (pid == 0) _exit(child_tid_word == syscall(SYS_getpid) ? 12 : 13);
  CHECK(pid > 0);
  CHECK_EQ(parent_tid, pid);
  say_status("child", wait_for((pid_t)pid));
  say("own word %d", child_tid_word);
}

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif
struct WaitV {
  uint64_t value, address;
  uint32_t flags, reserved;
};

static void* wake_second(void* tid) {
  wait_asleep((int)(long)tid);
  return (void*)futex(&words[1], FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

CASE(waitv) {
  struct WaitV all[2] = {{0, (uintptr_t)&words[0], 2 | 128, 0}, {0, (uintptr_t)&words[1], 2 | 128, 0}};
  struct timespec soon = in_ms(CLOCK_MONOTONIC, 20);
  pthread_t thread;
  CHECK_ERR(syscall(SYS_futex_waitv, all, 2, 0, &soon, CLOCK_MONOTONIC), ETIMEDOUT);
  CHECK_ERR(syscall(SYS_futex_waitv, all, 0, 0, NULL, 0), EINVAL);
  if (pthread_create(&thread, NULL, wake_second, (void*)(long)my_tid())) abort();
  say("index %ld", syscall(SYS_futex_waitv, all, 2, 0, NULL, 0));
  void* woken = NULL;
  pthread_join(thread, &woken);
  say("woke %ld", (long)woken);
  words[0] = 1;
  CHECK_ERR(syscall(SYS_futex_waitv, all, 2, 0, NULL, 0), EAGAIN);
}
