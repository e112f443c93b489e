// Threads as pthreads makes them: values, storage, ids, names, stacks, processes made in threads.
#include "tests/conformance/thread.h"

#include <semaphore.h>
#include <sys/prctl.h>
#include <sys/resource.h>

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

static int counter;
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

static int pipe_ends[2];

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

static void* wait_for_post(void* semaphore) {
  while (sem_wait((sem_t*)semaphore) != 0) continue;
  return NULL;
}

static void* set_group_id(void* unused) {
  (void)unused;
  return (void*)(long)setresgid((gid_t)-1, getegid(), (gid_t)-1);
}

// The C library does it in every thread, by a signal; threads begin and end meanwhile.
CASE(ids_are_set_in_all_threads) {
  pthread_t waiting[4], churn;
  sem_t go;
  sem_init(&go, 0, 0);
  for (int i = 0; i < 4; i++) start(&waiting[i], wait_for_post, &go);
  for (int i = 0; i < 50; i++) {
    start(&churn, set_group_id, NULL);
    CHECK_EQ(setresuid((uid_t)-1, geteuid(), (uid_t)-1), 0);
    CHECK_EQ((long)join(churn), 0);
  }
  for (int i = 0; i < 4; i++) sem_post(&go);
  for (int i = 0; i < 4; i++) join(waiting[i]);
  say("all set");
}
