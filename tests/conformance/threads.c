// Threads as pthreads makes and ends them: values, storage, synchronisation, ends in every order.
#include "tests/conformance/case.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/time.h>

static void start(pthread_t* thread, void* (*body)(void*), void* argument) {
  int error = pthread_create(thread, NULL, body, argument);
  if (error) {
    say("CHECK failed: pthread_create: %d", error);
    _exit(99);
  }
}

static void* join(pthread_t thread) {
  void* result = NULL;
  CHECK_EQ(pthread_join(thread, &result), 0);
  return result;
}

static void* triple(void* value) { return (void*)((long)value * 3); }

CASE(join_returns_values) {
  pthread_t threads[16];
  for (long i = 0; i < 16; i++) start(&threads[i], triple, (void*)i);
  for (int i = 0; i < 16; i++) say("%ld", (long)join(threads[i]));
}

static void* exit_with_seven(void* unused) {
  (void)unused;
  pthread_exit((void*)7);
}

CASE(pthread_exit_value) {
  pthread_t thread;
  start(&thread, exit_with_seven, NULL);
  say("%ld", (long)join(thread));
}

static void* post(void* semaphore) {
  sem_post((sem_t*)semaphore);
  return NULL;
}

CASE(detached_threads) {
  sem_t done;
  sem_init(&done, 0, 0);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  for (int i = 0; i < 20; i++) {
    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, &attributes, post, &done), 0);
  }
  for (int i = 0; i < 20; i++) sem_wait(&done);
  say("all posted");
}

static __thread int initialised = 42;
static __thread char zeroed[100];
static __thread long aligned_storage __attribute__((aligned(64))) = 5;

static void* look_at_storage(void* unused) {
  (void)unused;
  int before = initialised;
  initialised = 1;
  zeroed[99] = 1;
  CHECK_EQ((uintptr_t)&aligned_storage % 64, 0);
  return (void*)(long)(before + (int)aligned_storage);
}

CASE(thread_local_storage) {
  pthread_t thread;
  initialised = 7;
  for (int i = 0; i < 3; i++) {
    start(&thread, look_at_storage, NULL);
    say("thread saw %ld", (long)join(thread));
  }
  say("main has %d %d", initialised, zeroed[99]);
}

static pthread_key_t keys[3];
static int rounds;
static void destroy(void* value) {
  say("destructor of %ld", (long)value);
  if (rounds++ < 2) pthread_setspecific(keys[1], (void*)((long)value + 10));
}

static void* set_specific(void* unused) {
  (void)unused;
  pthread_setspecific(keys[1], (void*)1);
  CHECK(pthread_getspecific(keys[0]) == NULL);
  return NULL;
}

CASE(key_destructors_repeat) {
  pthread_t thread;
  for (int i = 0; i < 3; i++) CHECK_EQ(pthread_key_create(&keys[i], destroy), 0);
  start(&thread, set_specific, NULL);
  join(thread);
  say("rounds %d", rounds);
}

static void* compare_ids(void* leader) {
  CHECK_EQ(getpid(), (long)leader);
  CHECK(my_tid() != getpid());
  CHECK_EQ(getppid() > 0, 1);
  return (void*)(long)my_tid();
}

CASE(ids) {
  CHECK_EQ(my_tid(), getpid());
  pthread_t threads[2];
  for (int i = 0; i < 2; i++) start(&threads[i], compare_ids, (void*)(long)getpid());
  long first = (long)join(threads[0]), second = (long)join(threads[1]);
  CHECK(first != second && first > getpid());
  // The word that join waits for is cleared before the thread is gone, a moment later.
  for (int i = 0; i < 1000 && syscall(SYS_tgkill, getpid(), first, 0) == 0; i++) usleep(1000);
  CHECK_ERR(syscall(SYS_tgkill, getpid(), first, 0), ESRCH);
  say("different");
}

static volatile int release;
static void* wait_for_release(void* tid) {
  *(volatile int*)tid = my_tid();
  wait_value(&release, 1);
  return NULL;
}

CASE(errno_is_per_thread) {
  volatile int tid = 0;
  pthread_t thread;
  start(&thread, wait_for_release, (void*)&tid);
  CHECK_ERR(close(-1), EBADF);
  release = 1;
  join(thread);
  say("errno %d", errno);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static long counter;

static void* count(void* turns) {
  for (long i = 0; i < (long)turns; i++) {
    pthread_mutex_lock(&mutex);
    counter++;
    pthread_mutex_unlock(&mutex);
  }
  return NULL;
}

CASE(mutex_contention) {
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) start(&threads[i], count, (void*)20000);
  for (int i = 0; i < 4; i++) join(threads[i]);
  say("%ld", counter);
}

static void* atomic_count(void* turns) {
  for (long i = 0; i < (long)turns; i++) __atomic_add_fetch(&counter, 1, __ATOMIC_SEQ_CST);
  return NULL;
}

CASE(atomics_of_four_threads) {
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) start(&threads[i], atomic_count, (void*)100000);
  for (int i = 0; i < 4; i++) join(threads[i]);
  say("%ld", counter);
}

static int turn;
static void* ping_pong(void* me) {
  for (int i = 0; i < 500; i++) {
    pthread_mutex_lock(&mutex);
    while (turn != (int)(long)me) pthread_cond_wait(&condition, &mutex);
    turn = !turn;
    counter++;
    pthread_cond_signal(&condition);
    pthread_mutex_unlock(&mutex);
  }
  return NULL;
}

CASE(condition_ping_pong) {
  pthread_t threads[2];
  for (long i = 0; i < 2; i++) start(&threads[i], ping_pong, (void*)i);
  for (int i = 0; i < 2; i++) join(threads[i]);
  say("%ld %d", counter, turn);
}

static void* wait_broadcast(void* unused) {
  (void)unused;
  pthread_mutex_lock(&mutex);
  counter++;
  while (!turn) pthread_cond_wait(&condition, &mutex);
  pthread_mutex_unlock(&mutex);
  return NULL;
}

CASE(condition_broadcast) {
  pthread_t threads[8];
  for (int i = 0; i < 8; i++) start(&threads[i], wait_broadcast, NULL);
  for (int ready = 0; !ready; nap_ms(1)) {
    pthread_mutex_lock(&mutex);
    ready = counter == 8;
    pthread_mutex_unlock(&mutex);
  }
  pthread_mutex_lock(&mutex);
  turn = 1;
  pthread_cond_broadcast(&condition);
  pthread_mutex_unlock(&mutex);
  for (int i = 0; i < 8; i++) join(threads[i]);
  say("all woken");
}

static struct timespec after_ms(clockid_t clock, long ms) {
  struct timespec time;
  clock_gettime(clock, &time);
  time.tv_nsec += ms * 1000000;
  time.tv_sec += time.tv_nsec / 1000000000;
  time.tv_nsec %= 1000000000;
  return time;
}

CASE(timed_waits_end) {
  pthread_condattr_t attributes;
  pthread_cond_t monotonic;
  sem_t semaphore;
  struct timespec end = after_ms(CLOCK_REALTIME, 20);
  pthread_mutex_lock(&mutex);
  CHECK_EQ(pthread_cond_timedwait(&condition, &mutex, &end), ETIMEDOUT);
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&monotonic, &attributes);
  end = after_ms(CLOCK_MONOTONIC, 20);
  CHECK_EQ(pthread_cond_timedwait(&monotonic, &mutex, &end), ETIMEDOUT);
  end = after_ms(CLOCK_REALTIME, 20);
  CHECK_EQ(pthread_mutex_timedlock(&mutex, &end), ETIMEDOUT);
  sem_init(&semaphore, 0, 0);
  end = after_ms(CLOCK_REALTIME, 20);
  CHECK_ERR(sem_timedwait(&semaphore, &end), ETIMEDOUT);
  CHECK_ERR(sem_trywait(&semaphore), EAGAIN);
  say("all timed out");
}

static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static long pair[2];
static void* write_pair(void* unused) {
  (void)unused;
  for (int i = 0; i < 2000; i++) {
    pthread_rwlock_wrlock(&rwlock);
    pair[0]++;
    pair[1]++;
    pthread_rwlock_unlock(&rwlock);
  }
  return NULL;
}

static void* read_pair(void* unused) {
  (void)unused;
  long torn = 0;
  for (int i = 0; i < 2000; i++) {
    pthread_rwlock_rdlock(&rwlock);
    torn += pair[0] != pair[1];
    pthread_rwlock_unlock(&rwlock);
  }
  return (void*)torn;
}

CASE(reader_writer_lock) {
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) start(&threads[i], i % 2 ? write_pair : read_pair, NULL);
  long torn = 0;
  for (int i = 0; i < 4; i++) torn += (long)join(threads[i]);
  say("torn %ld, pair %ld %ld", torn, pair[0], pair[1]);
}

static pthread_barrier_t barrier;
static int phases[4];
static void* run_phases(void* me) {
  long serial = 0;
  for (int i = 0; i < 50; i++) {
    phases[(long)me] = i;
    serial += pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD;
    for (int j = 0; j < 4; j++) CHECK_EQ(phases[j], i);
    pthread_barrier_wait(&barrier);
  }
  return (void*)serial;
}

CASE(barriers) {
  pthread_t threads[4];
  pthread_barrier_init(&barrier, NULL, 4);
  for (long i = 0; i < 4; i++) start(&threads[i], run_phases, (void*)i);
  long serial = 0;
  for (int i = 0; i < 4; i++) serial += (long)join(threads[i]);
  say("serial %ld", serial);
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static void only_once(void) { __atomic_add_fetch(&counter, 1, __ATOMIC_SEQ_CST); }
static void* call_once(void* unused) {
  pthread_once(&once, only_once);
  return unused;
}

CASE(once) {
  pthread_t threads[8];
  for (int i = 0; i < 8; i++) start(&threads[i], call_once, NULL);
  for (int i = 0; i < 8; i++) join(threads[i]);
  say("%ld", counter);
}

static pthread_mutex_t typed_mutex(int type, int protocol, int robust) {
  pthread_mutexattr_t attributes;
  pthread_mutex_t result;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_settype(&attributes, type);
  CHECK_EQ(pthread_mutexattr_setprotocol(&attributes, protocol), 0);
  pthread_mutexattr_setrobust(&attributes, robust);
  pthread_mutex_init(&result, &attributes);
  return result;
}

CASE(mutex_types) {
  pthread_mutex_t checked = typed_mutex(PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED);
  CHECK_EQ(pthread_mutex_lock(&checked), 0);
  CHECK_EQ(pthread_mutex_lock(&checked), EDEADLK);
  CHECK_EQ(pthread_mutex_unlock(&checked), 0);
  CHECK_EQ(pthread_mutex_unlock(&checked), EPERM);
  pthread_mutex_t recursive = typed_mutex(PTHREAD_MUTEX_RECURSIVE, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED);
  for (int i = 0; i < 3; i++) CHECK_EQ(pthread_mutex_lock(&recursive), 0);
  for (int i = 0; i < 3; i++) CHECK_EQ(pthread_mutex_unlock(&recursive), 0);
  CHECK_EQ(pthread_mutex_trylock(&recursive), 0);
  say("as documented");
}

static void* lock_and_die(void* which) {
  pthread_mutex_lock((pthread_mutex_t*)which);
  return NULL;
}

static void robust_owner_dies(int protocol) {
  pthread_t thread;
  pthread_mutex_t robust = typed_mutex(PTHREAD_MUTEX_NORMAL, protocol, PTHREAD_MUTEX_ROBUST);
  start(&thread, lock_and_die, &robust);
  join(thread);
  say("lock: %d", pthread_mutex_lock(&robust) == EOWNERDEAD);
  CHECK_EQ(pthread_mutex_consistent(&robust), 0);
  CHECK_EQ(pthread_mutex_unlock(&robust), 0);
  CHECK_EQ(pthread_mutex_lock(&robust), 0);
  pthread_mutex_unlock(&robust);
  start(&thread, lock_and_die, &robust);
  join(thread);
  say("lock: %d", pthread_mutex_lock(&robust) == EOWNERDEAD);
  pthread_mutex_unlock(&robust);
  say("not recoverable: %d", pthread_mutex_lock(&robust) == ENOTRECOVERABLE);
}

CASE(robust_mutex_owner_dies) { robust_owner_dies(PTHREAD_PRIO_NONE); }
CASE(robust_pi_mutex_owner_dies) { robust_owner_dies(PTHREAD_PRIO_INHERIT); }

static pthread_mutex_t pi_mutex;
static void* count_pi(void* turns) {
  for (long i = 0; i < (long)turns; i++) {
    pthread_mutex_lock(&pi_mutex);
    counter++;
    if (i % 100 == 0) sched_yield();
    pthread_mutex_unlock(&pi_mutex);
  }
  return NULL;
}

CASE(priority_inheritance_mutex) {
  pthread_t threads[3];
  pi_mutex = typed_mutex(PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_INHERIT, PTHREAD_MUTEX_STALLED);
  for (int i = 0; i < 3; i++) start(&threads[i], count_pi, (void*)3000);
  for (int i = 0; i < 3; i++) join(threads[i]);
  say("%ld", counter);
}

static int pipe_ends[2];
static void cleanup(void* text) { say("cleanup %s", (char*)text); }
static void* read_forever(void* tid) {
  char byte;
  pthread_cleanup_push(cleanup, (void*)"outer");
  pthread_cleanup_push(cleanup, (void*)"inner");
  *(volatile int*)tid = my_tid();
  say("read %zd", read(pipe_ends[0], &byte, 1));
  pthread_cleanup_pop(0);
  pthread_cleanup_pop(0);
  return NULL;
}

CASE(cancel_blocked_read) {
  pthread_t thread;
  volatile int tid = 0;
  MUST(pipe(pipe_ends));
  start(&thread, read_forever, (void*)&tid);
  while (!tid) nap_ms(1);
  wait_asleep(tid);
  CHECK_EQ(pthread_cancel(thread), 0);
  say("cancelled %d", join(thread) == PTHREAD_CANCELED);
}

static void* spin_forever(void* ready) {
  pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
  *(volatile int*)ready = 1;
  for (;;) __asm__ volatile("pause");
  return NULL;
}

CASE(cancel_asynchronously) {
  pthread_t thread;
  volatile int ready = 0;
  start(&thread, spin_forever, (void*)&ready);
  wait_value(&ready, 1);
  CHECK_EQ(pthread_cancel(thread), 0);
  say("cancelled %d", join(thread) == PTHREAD_CANCELED);
}

static void* disable_cancellation(void* ready) {
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
  *(volatile int*)ready = 1;
  wait_value(&release, 1);
  nap_ms(5);
  say("still here");
  pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
  pthread_testcancel();
  say("CHECK failed: not cancelled");
  return NULL;
}

CASE(cancel_when_disabled_is_kept) {
  pthread_t thread;
  volatile int ready = 0;
  start(&thread, disable_cancellation, (void*)&ready);
  wait_value(&ready, 1);
  CHECK_EQ(pthread_cancel(thread), 0);
  release = 1;
  say("cancelled %d", join(thread) == PTHREAD_CANCELED);
}

static void unlock(void* which) { pthread_mutex_unlock((pthread_mutex_t*)which); }
static void* wait_condition_cancelled(void* tid) {
  pthread_mutex_lock(&mutex);
  pthread_cleanup_push(unlock, &mutex);
  *(volatile int*)tid = my_tid();
  for (;;) pthread_cond_wait(&condition, &mutex);
  pthread_cleanup_pop(1);
  return NULL;
}

CASE(cancel_condition_wait) {
  pthread_t thread;
  volatile int tid = 0;
  start(&thread, wait_condition_cancelled, (void*)&tid);
  while (!tid) nap_ms(1);
  wait_asleep(tid);
  pthread_cancel(thread);
  say("cancelled %d", join(thread) == PTHREAD_CANCELED);
  say("mutex free %d", pthread_mutex_trylock(&mutex) == 0);
}

static void* use_deep_stack(void* depth) {
  volatile char block[32768];
  block[0] = 1;
  block[32767] = 2;
  return (long)depth ? (void*)((long)use_deep_stack((void*)((long)depth - 1)) + block[0]) : (void*)0;
}

CASE(big_stack) {
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  CHECK_EQ(pthread_attr_setstacksize(&attributes, 64 << 20), 0);
  CHECK_EQ(pthread_create(&thread, &attributes, use_deep_stack, (void*)1900), 0);
  say("%ld", (long)join(thread));
}

CASE(main_stack_grows) { say("%ld", (long)use_deep_stack((void*)200)); }

static char own_stack[256 * 1024] __attribute__((aligned(64)));
static void* address_of_local(void* unused) {
  char local = 0;
  (void)unused;
  char* volatile here = &local;
  return (void*)(long)(here >= own_stack && here < own_stack + sizeof own_stack);
}

CASE(stack_of_the_program) {
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  CHECK_EQ(pthread_attr_setstack(&attributes, own_stack, sizeof own_stack), 0);
  CHECK_EQ(pthread_create(&thread, &attributes, address_of_local, NULL), 0);
  say("inside %ld", (long)join(thread));
}

static void* exit_raw(void* tid) {
  *(volatile int*)tid = my_tid();
  syscall(SYS_exit, 33);
  return NULL;
}

CASE(raw_exit_ends_one_thread) {
  pthread_t thread;
  volatile int tid = 0;
  start(&thread, exit_raw, (void*)&tid);
  while (!tid || thread_state(getpid(), tid)) nap_ms(1);
  say("main goes on");
}

static void* outlive_leader(void* unused) {
  (void)unused;
  wait_state(getpid(), 'Z');
  say("leader is %c", thread_state(getpid(), getpid()));
  exit(7);
}

CASE(leader_leaves_first) {
  pthread_t thread;
  start(&thread, outlive_leader, NULL);
  pthread_exit(NULL);
}

static void* wait_a_little(void* unused) {
  nap_ms(30);
  return unused;
}

CASE(last_thread_returns) {
  pthread_t thread;
  start(&thread, wait_a_little, NULL);
  start(&thread, wait_a_little, NULL);
  pthread_exit(NULL);  // the process ends with 0 when the last thread does
}

CASE(leader_leaves_with_raw_exit) {
  pthread_t thread;
  start(&thread, wait_a_little, NULL);
  syscall(SYS_exit, 44);  // the status of the process is the last thread's since Linux 6.1
}

static void* exit_nine(void* unused) {
  (void)unused;
  exit(9);
}

static void at_exit(void) { say("atexit in %s", my_tid() == getpid() ? "leader" : "thread"); }

CASE(exit_from_a_thread) {
  pthread_t thread;
  atexit(at_exit);
  start(&thread, exit_nine, NULL);
  join(thread);
  say("CHECK failed: joined");
}

static volatile int blocked_tids[8];
static void* block_in(void* kind) {
  long which = (long)kind;
  char byte;
  sigset_t none = set_of(0);
  blocked_tids[which] = my_tid();
  switch (which) {
    case 0: return (void*)read(pipe_ends[0], &byte, 1);
    case 1: sigsuspend(&none); break;
    case 2: select(0, NULL, NULL, NULL, NULL); break;
    case 3: pause(); break;
    case 4: pthread_mutex_lock(&mutex); break;
    case 5: sleep(1000); break;
    case 6:
      for (;;) __asm__ volatile("pause");
    case 7:
      for (;;) syscall(SYS_getppid);
  }
  return NULL;
}

static void block_eight_threads(void) {
  pthread_t thread;
  MUST(pipe(pipe_ends));
  pthread_mutex_lock(&mutex);
  for (long i = 0; i < 8; i++) start(&thread, block_in, (void*)i);
  for (int i = 0; i < 8; i++) {
    while (!blocked_tids[i]) nap_ms(1);
    if (i < 6) wait_asleep(blocked_tids[i]);
  }
}

CASE(exit_group_with_blocked_threads) {
  block_eight_threads();
  say("leaving");
  exit(5);
}

CASE(fatal_signal_with_blocked_threads) {
  block_eight_threads();
  say("killed");
  raise(SIGTERM);
}

CASE(kill_with_blocked_threads) {
  block_eight_threads();
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

CASE(abort_with_blocked_threads) {
  block_eight_threads();
  abort();
}

static void* fault(void* address) {
  *(volatile int*)address = 1;
  return NULL;
}

CASE(fault_in_a_thread_ends_all) {
  pthread_t thread;
  start(&thread, fault, (void*)8);
  for (;;) pause();
}

static void* read_comm(void* name) {
  char text[64], path[64];
  snprintf(path, sizeof path, "/proc/self/task/%d/comm", my_tid());
  say("inherited %.15s", read_text(path, text, sizeof text) + 0 * strlen((char*)name));
  prctl(PR_SET_NAME, name);
  say("set %s", read_text(path, text, sizeof text));
  return NULL;
}

CASE(thread_names) {
  pthread_t thread;
  char text[64];
  prctl(PR_SET_NAME, "leader");
  start(&thread, read_comm, (void*)"worker-with-a-long-name");
  join(thread);
  prctl(PR_GET_NAME, text);
  say("main is %s, %s", text, read_text("/proc/self/comm", text + 20, 40));
  say("pthread_setname_np %d", pthread_setname_np(pthread_self(), "longer-than-fifteen") == ERANGE);
}

static void* tid_and_wait(void* unused) {
  (void)unused;
  __atomic_add_fetch(&counter, 1, __ATOMIC_SEQ_CST);
  wait_value(&release, 1);
  return NULL;
}

CASE(sixty_four_at_once) {
  pthread_t threads[64];
  for (int i = 0; i < 64; i++) start(&threads[i], tid_and_wait, NULL);
  while (__atomic_load_n(&counter, __ATOMIC_SEQ_CST) < 64) nap_ms(1);
  char text[4096];
  read_text("/proc/self/status", text, sizeof text);
  char* line = strstr(text, "Threads:");
  say("Threads %d", line ? atoi(line + 8) : -1);
  release = 1;
  for (int i = 0; i < 64; i++) join(threads[i]);
  say("joined");
}

CASE(five_hundred_one_after_another) {
  for (long i = 0; i < 500; i++) {
    pthread_t thread;
    start(&thread, triple, (void*)i);
    if ((long)join(thread) != 3 * i) say("CHECK failed: thread %ld", i);
  }
  say("all joined");
}

static void* start_another(void* depth) {
  if (!depth) return (void*)1;
  pthread_t thread;
  start(&thread, start_another, (void*)((long)depth - 1));
  return (void*)((long)join(thread) + 1);
}

CASE(threads_that_start_threads) { say("%ld", (long)start_another((void*)20)); }

static int read_byte(void* unused) {
  (void)unused;
  char byte = 0;
  return read(pipe_ends[0], &byte, 1) == 1 ? byte : 1;
}

static void* fork_here(void* unused) {
  (void)unused;
  pid_t pid = start_child(read_byte, NULL);
  CHECK_EQ(write(pipe_ends[1], "\7", 1), 1);
  return (void*)(long)wait_for(pid);
}

CASE(fork_from_a_thread) {
  pthread_t thread;
  MUST(pipe(pipe_ends));
  start(&thread, fork_here, NULL);
  say_status("child", (int)(long)join(thread));
}

static int count_own_threads(void* unused) {
  (void)unused;
  char text[4096];
  char* line = strstr(read_text("/proc/self/status", text, sizeof text), "Threads:");
  CHECK_EQ(my_tid(), getpid());
  return line ? atoi(line + 8) : 77;
}

CASE(fork_leaves_other_threads_behind) {
  pthread_t thread;
  for (int i = 0; i < 3; i++) start(&thread, tid_and_wait, NULL);
  while (__atomic_load_n(&counter, __ATOMIC_SEQ_CST) < 3) nap_ms(1);
  say_status("threads in the child", run_child(count_own_threads, NULL));
  release = 1;
}

static int threads_in_child(void* unused) {
  (void)unused;
  pthread_t threads[4];
  for (long i = 0; i < 4; i++) start(&threads[i], triple, (void*)i);
  long sum = 0;
  for (int i = 0; i < 4; i++) sum += (long)join(threads[i]);
  return (int)sum;
}

CASE(threads_in_a_forked_child) {
  say_status("child", run_child(threads_in_child, NULL));
  say("%d", threads_in_child(NULL));
}

static void say_prepare(void) { say("prepare"); }
static volatile int* child_said;
static void say_parent(void) { wait_value(child_said, 1), say("parent"); }
static void say_child(void) { say("child"), *child_said = 1; }
static int nothing(void* unused) { return unused != NULL; }

CASE(atfork_handlers) {
  child_said = (volatile int*)shared_memory(PAGE);
  pthread_atfork(say_prepare, say_parent, say_child);
  say_status("child", run_child(nothing, NULL));
}

struct Shared {
  pthread_mutex_t mutex;
  pthread_cond_t condition;
  sem_t semaphore;
  int turn, count;
};

static struct Shared* shared_objects(int robust) {
  struct Shared* shared = (struct Shared*)shared_memory(PAGE);
  pthread_mutexattr_t mutex_attributes;
  pthread_condattr_t condition_attributes;
  pthread_mutexattr_init(&mutex_attributes);
  pthread_mutexattr_setpshared(&mutex_attributes, PTHREAD_PROCESS_SHARED);
  pthread_mutexattr_setrobust(&mutex_attributes, robust);
  pthread_mutex_init(&shared->mutex, &mutex_attributes);
  pthread_condattr_init(&condition_attributes);
  pthread_condattr_setpshared(&condition_attributes, PTHREAD_PROCESS_SHARED);
  pthread_cond_init(&shared->condition, &condition_attributes);
  sem_init(&shared->semaphore, 1, 0);
  return shared;
}

static int shared_ping_pong(struct Shared* shared, int me) {
  for (int i = 0; i < 100; i++) {
    pthread_mutex_lock(&shared->mutex);
    while (shared->turn != me) pthread_cond_wait(&shared->condition, &shared->mutex);
    shared->turn = !me;
    shared->count++;
    pthread_cond_signal(&shared->condition);
    pthread_mutex_unlock(&shared->mutex);
  }
  return 0;
}

static int ping_pong_child(void* shared) { return shared_ping_pong((struct Shared*)shared, 1); }

CASE(process_shared_condition) {
  struct Shared* shared = shared_objects(PTHREAD_MUTEX_STALLED);
  pid_t child = start_child(ping_pong_child, shared);
  shared_ping_pong(shared, 0);
  say_status("child", wait_for(child));
  say("%d", shared->count);
}

static int die_with_lock(void* shared) {
  pthread_mutex_lock(&((struct Shared*)shared)->mutex);
  sem_post(&((struct Shared*)shared)->semaphore);
  for (;;) pause();
  return 0;
}

CASE(process_shared_robust_mutex) {
  struct Shared* shared = shared_objects(PTHREAD_MUTEX_ROBUST);
  pid_t child = start_child(die_with_lock, shared);
  sem_wait(&shared->semaphore);
  kill(child, SIGKILL);
  say_status("child", wait_for(child));
  struct timespec deadline;
  clock_gettime(CLOCK_REALTIME, &deadline);
  deadline.tv_sec += 2;
  int result = pthread_mutex_timedlock(&shared->mutex, &deadline);
  say("%s", result == EOWNERDEAD ? "owner died" : result == ETIMEDOUT ? "still locked" : "odd");
  if (result != EOWNERDEAD) return;
  CHECK_EQ(pthread_mutex_consistent(&shared->mutex), 0);
  CHECK_EQ(pthread_mutex_unlock(&shared->mutex), 0);
}

static void* burn(void* unused) {
  (void)unused;
  long long start_ms = now_ms(CLOCK_THREAD_CPUTIME_ID);
  while (now_ms(CLOCK_THREAD_CPUTIME_ID) < start_ms + 30) {
  }
  return NULL;
}

CASE(cpu_clocks_of_threads) {
  pthread_t thread;
  clockid_t clock;
  struct timespec time;
  long long own = now_ms(CLOCK_THREAD_CPUTIME_ID), process = now_ms(CLOCK_PROCESS_CPUTIME_ID);
  start(&thread, burn, NULL);
  CHECK_EQ(pthread_getcpuclockid(thread, &clock), 0);
  CHECK_EQ(clock_gettime(clock, &time), 0);
  join(thread);
  CHECK(now_ms(CLOCK_THREAD_CPUTIME_ID) < own + 25);
  CHECK(now_ms(CLOCK_PROCESS_CPUTIME_ID) >= process + 29);
  for (int i = 0; i < 1000 && clock_gettime(clock, &time) == 0; i++) usleep(1000);  // gone a moment after join
  CHECK_ERR(clock_gettime(clock, &time), EINVAL);
  say("counted apart");
}

static void* mask_of_thread(void* unused) {
  (void)unused;
  say("thread: USR1 %d, USR2 %d", is_blocked(SIGUSR1), is_blocked(SIGUSR2));
  block_signal(SIGUSR2);
  return NULL;
}

CASE(thread_inherits_the_mask) {
  pthread_t thread;
  block_signal(SIGUSR1);
  start(&thread, mask_of_thread, NULL);
  join(thread);
  say("main: USR1 %d, USR2 %d", is_blocked(SIGUSR1), is_blocked(SIGUSR2));
}

static void* rusage_of_thread(void* unused) {
  (void)unused;
  struct rusage usage;
  burn(NULL);
  CHECK_EQ(getrusage(RUSAGE_THREAD, &usage), 0);
  return (void*)(usage.ru_utime.tv_sec * 1000 + usage.ru_utime.tv_usec / 1000 + usage.ru_stime.tv_sec * 1000 +
                 usage.ru_stime.tv_usec / 1000);
}

CASE(rusage_of_threads) {
  pthread_t thread;
  struct rusage usage;
  start(&thread, rusage_of_thread, NULL);
  CHECK((long)join(thread) >= 20);
  CHECK_EQ(getrusage(RUSAGE_THREAD, &usage), 0);
  CHECK(usage.ru_utime.tv_sec == 0);
  say("counted apart");
}

static void* sleep_for_ever(void* unused) {
  for (;;) pause();
  return unused;
}

static void* exit_with_43(void* unused) {
  (void)unused;
  usleep(2000);
  syscall(SYS_exit_group, 43);
  return NULL;
}

// The end of the process releases what joins its threads, which must not run on.
CASE(status_of_whoever_ends_the_process) {
  int all = 0;
  for (int i = 0; i < 40; i++) {
    pid_t pid = fork();
    if (pid == 0) {
      pthread_t waiting, ending;
      start(&waiting, sleep_for_ever, NULL);
      start(&ending, exit_with_43, NULL);
      join(waiting);
      syscall(SYS_exit_group, 7);
    }
    int status = 0;
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    all += WIFEXITED(status) && WEXITSTATUS(status) == 43;
  }
  say("%d", all);
}
