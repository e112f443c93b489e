// Synchronisation of pthreads: mutexes of every kind, conditions, barriers, within a process and between processes.
#include "tests/conformance/thread.h"

#include <sched.h>
#include <semaphore.h>

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

CASE(timed_waits_end) {
  pthread_condattr_t attributes;
  pthread_cond_t monotonic;
  sem_t semaphore;
  struct timespec end = in_ms(CLOCK_REALTIME, 20);
  pthread_mutex_lock(&mutex);
  CHECK_EQ(pthread_cond_timedwait(&condition, &mutex, &end), ETIMEDOUT);
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&monotonic, &attributes);
  end = in_ms(CLOCK_MONOTONIC, 20);
  CHECK_EQ(pthread_cond_timedwait(&monotonic, &mutex, &end), ETIMEDOUT);
  end = in_ms(CLOCK_REALTIME, 20);
  CHECK_EQ(pthread_mutex_timedlock(&mutex, &end), ETIMEDOUT);
  sem_init(&semaphore, 0, 0);
  end = in_ms(CLOCK_REALTIME, 20);
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
