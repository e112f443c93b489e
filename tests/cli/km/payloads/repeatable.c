// Prints what a repeatable run makes the same: the wall clock, random bytes, addresses, the times of files; in threads,
// children and a program that it executes. Says so when a wait with a deadline on the wall clock is not as long as
// meant.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WAIT_NS 100000000L

static long long now_by(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static struct timespec deadline(void) {
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  time.tv_nsec += WAIT_NS;
  if (time.tv_nsec >= 1000000000) time.tv_sec++, time.tv_nsec -= 1000000000;
  return time;
}

static void show(const char* who) {
  unsigned char bytes[8], device[8];
  struct timeval day;
  gettimeofday(&day, 0);
  getrandom(bytes, sizeof bytes, 0);
  int fd = open("/dev/urandom", O_RDONLY);
  if (read(fd, device, sizeof device) != sizeof device) exit(2);
  close(fd);
  printf("%s: %lld %ld.%06ld %lld ", who, (long long)time(0), (long)day.tv_sec, (long)day.tv_usec,
         now_by(CLOCK_REALTIME));
  for (int i = 0; i < 8; i++) printf("%02x", bytes[i]);
  for (int i = 0; i < 8; i++) printf("%02x", device[i]);
  printf("\n");
  fflush(stdout);
}

static void show_place(const char* who) {
  const unsigned char* start = (const unsigned char*)getauxval(AT_RANDOM);
  int local;
  printf("%s: %p %p %p ", who, (void*)show, (void*)&local, malloc(1 << 20));
  for (int i = 0; i < 16; i++) printf("%02x", start[i]);
  printf("\n");
  fflush(stdout);
}

static void show_file(const char* name) {
  struct stat info;
  int fd = open(name, O_CREAT | O_RDWR, 0600);
  fstat(fd, &info);
  printf("file: %lld %lld\n", (long long)info.st_mtim.tv_sec, (long long)info.st_ctim.tv_sec);
  close(fd);
  unlink(name);
}

// As long as the deadline said, not years.
static void took(const char* what, long long begun, int as_expected) {
  const long long time = now_by(CLOCK_MONOTONIC) - begun;
  if (!as_expected) printf("%s: another end than expected\n", what);
  if (time < WAIT_NS - 10000000 || time > 50 * WAIT_NS) printf("%s: took %lld ns\n", what, time);
}

static void nothing(int signal) { (void)signal; }

static void wait_by_locks(void) {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
  sem_t semaphore;
  sem_init(&semaphore, 0, 0);
  struct timespec until = deadline();
  long long begun = now_by(CLOCK_MONOTONIC);
  pthread_mutex_lock(&mutex);
  took("condition", begun, pthread_cond_timedwait(&condition, &mutex, &until) == ETIMEDOUT);
  until = deadline(), begun = now_by(CLOCK_MONOTONIC);
  took("semaphore", begun, sem_timedwait(&semaphore, &until) < 0 && errno == ETIMEDOUT);
}

// Handlers that run meanwhile do not make it longer.
static void wait_through_signals(void) {
  struct sigaction action = {.sa_handler = nothing, .sa_flags = SA_RESTART};
  const struct itimerval often = {{0, 20000}, {0, 20000}}, never = {{0, 0}, {0, 0}};
  sigaction(SIGALRM, &action, 0);
  const struct timespec until = deadline();
  const long long begun = now_by(CLOCK_MONOTONIC);
  setitimer(ITIMER_REAL, &often, 0);
  int status;
  while ((status = clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, 0)) == EINTR) {
  }
  setitimer(ITIMER_REAL, &never, 0);
  took("interrupted sleep", begun, status == 0);
}

static void wait_by_descriptors(void) {
  uint64_t count;
  struct itimerspec setting = {{0, 0}, deadline()};
  long long begun = now_by(CLOCK_MONOTONIC);
  int fd = timerfd_create(CLOCK_REALTIME, 0);
  timerfd_settime(fd, TFD_TIMER_ABSTIME, &setting, 0);
  took("timer descriptor", begun, read(fd, &count, sizeof count) == sizeof count);
  char name[32], message[64];
  snprintf(name, sizeof name, "/repeatable-%d", (int)getpid());
  struct mq_attr sizes = {.mq_maxmsg = 1, .mq_msgsize = sizeof message};
  mqd_t queue = mq_open(name, O_CREAT | O_RDWR, 0600, &sizes);
  if (queue == (mqd_t)-1) return;  // a kernel without them
  mq_unlink(name);
  const struct timespec until = deadline();
  begun = now_by(CLOCK_MONOTONIC);
  took("message queue", begun, mq_timedreceive(queue, message, sizeof message, 0, &until) < 0 && errno == ETIMEDOUT);
}

static void* thread_main(void* unused) {
  show("thread");
  return unused;
}

int main(int argc, char** argv) {
  if (argc > 1) {
    show(argv[1]);
    show_place(argv[1]);
    return 0;
  }
  show("first");
  show_place("first");
  show_file("new-file");
  pthread_t thread;
  pthread_create(&thread, 0, thread_main, 0);
  pthread_join(thread, 0);
  for (int i = 0; i < 2; i++) {
    const pid_t child = fork();
    if (child == 0) {
      show("child");
      _exit(0);
    }
    waitpid(child, 0, 0);
  }
  const pid_t spawned = vfork();
  if (spawned == 0) {
    execl("/proc/self/exe", argv[0], "spawned", (char*)0);
    _exit(2);
  }
  waitpid(spawned, 0, 0);
  wait_by_locks();
  wait_through_signals();
  wait_by_descriptors();
  show("again");
  execl("/proc/self/exe", argv[0], "executed", (char*)0);
  return 2;
}
