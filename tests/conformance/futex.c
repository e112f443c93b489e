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
