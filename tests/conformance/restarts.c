// signal(7), "Interruption of system calls": each call that can block is interrupted by a handler, with and without
// SA_RESTART. A poking thread waits until the main thread sleeps, signals it, and completes the call afterwards.
#include "tests/conformance/case.h"

#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>

static volatile int hits;
static int fds[2];
static void hit(int signal) {
  (void)signal;
  hits++;
}

// What completes the interrupted call in the end.
typedef void (*Finish)(void);
struct Poke {
  Finish finish;
  pid_t main_tid;
};

static void* poke(void* argument) {
  struct Poke* plan = (struct Poke*)argument;
  wait_asleep(plan->main_tid);
  MUST(syscall(SYS_tgkill, getpid(), plan->main_tid, SIGUSR1));
  wait_value(&hits, 1);
  if (plan->finish) {
    wait_asleep(plan->main_tid);
    plan->finish();
  }
  return NULL;
}

// Runs `call` while it is poked; with SA_RESTART `finish` lets it end, without it has to return EINTR.
#define INTERRUPTED(flags, finisher, call)                                                    \
  do {                                                                                        \
    struct Poke plan_ = {finisher, my_tid()};                                                 \
    pthread_t thread_;                                                                        \
    hits = 0;                                                                                 \
    set_handler(SIGUSR1, hit, flags);                                                         \
    if (pthread_create(&thread_, NULL, poke, &plan_)) abort();                                \
    errno = 0;                                                                                \
    long result_ = (long)(call);                                                              \
    say("%s: %ld, errno %d, hits %d", flags ? "restart" : "interrupt", result_, errno, hits); \
    pthread_join(thread_, NULL);                                                              \
  } while (0)

// Both ways: EINTR without SA_RESTART, completion with it.
#define BOTH_WAYS(finisher, call)            \
  do {                                       \
    INTERRUPTED(0, NULL, call);              \
    INTERRUPTED(SA_RESTART, finisher, call); \
  } while (0)
// Calls that are never restarted.
#define NEVER_RESTARTED(call)            \
  do {                                   \
    INTERRUPTED(0, NULL, call);          \
    INTERRUPTED(SA_RESTART, NULL, call); \
  } while (0)

static char buffer[1 << 20];
static void put_byte(void) { MUST(write(fds[1], "x", 1)); }
static void take_all(void) {
  while (read(fds[0], buffer, sizeof buffer) == sizeof buffer) {
  }
}

CASE(read_pipe) {
  MUST(pipe(fds));
  BOTH_WAYS(put_byte, read(fds[0], buffer, 1));
}

CASE(readv_pipe) {
  struct iovec vector = {buffer, 10};
  MUST(pipe(fds));
  BOTH_WAYS(put_byte, readv(fds[0], &vector, 1));
}

CASE(write_full_pipe) {
  MUST(pipe2(fds, O_NONBLOCK));
  while (write(fds[1], buffer, 4096) > 0) {
  }
  MUST(fcntl(fds[1], F_SETFL, 0));
  BOTH_WAYS(take_all, write(fds[1], buffer, 4096));
}

CASE(partial_write_is_not_restarted) {
  MUST(pipe(fds));
  INTERRUPTED(SA_RESTART, NULL, write(fds[1], buffer, 100000));
}

CASE(partial_read_of_a_stream) {
  MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
  put_byte();
  INTERRUPTED(SA_RESTART, NULL, recv(fds[0], buffer, 10, MSG_WAITALL));
}

CASE(recv_socket) {
  MUST(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds));
  BOTH_WAYS(put_byte, recv(fds[0], buffer, 1, 0));
}

CASE(recvmsg_socket) {
  struct iovec vector = {buffer, 10};
  struct msghdr message;
  memset(&message, 0, sizeof message);
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
  BOTH_WAYS(put_byte, recvmsg(fds[0], &message, 0));
}

CASE(recv_with_timeout) {
  struct timeval far = {20, 0};
  MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
  MUST(setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &far, sizeof far));
  NEVER_RESTARTED(recv(fds[0], buffer, 1, 0));
}

CASE(send_full_socket) {
  MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
  while (send(fds[1], buffer, 4096, MSG_DONTWAIT) > 0) {
  }
  BOTH_WAYS(take_all, send(fds[1], buffer, 1, 0));
}

static struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
static void connect_once(void) {
  int fd = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
  MUST(connect(fd, (struct sockaddr*)&address, sizeof address));
}

CASE(accept_socket) {
  int fd = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
  MUST(bind(fd, (struct sockaddr*)&address, sizeof address));
  MUST(listen(fd, 1));
  BOTH_WAYS(connect_once, accept(fd, NULL, NULL) > 0 ? 1 : -1);
}

CASE(poll_select_epoll) {
  struct pollfd poll_fd = {0, POLLIN, 0};
  fd_set set;
  struct epoll_event event;
  struct timeval far = {20, 0};
  struct timespec far_too = {20, 0};
  int epoll = MUST(epoll_create1(0));
  MUST(pipe(fds));
  poll_fd.fd = fds[0];
  NEVER_RESTARTED(poll(&poll_fd, 1, -1));
  NEVER_RESTARTED(poll(&poll_fd, 1, 20000));
  NEVER_RESTARTED(ppoll(&poll_fd, 1, &far_too, NULL));
  FD_ZERO(&set);
  NEVER_RESTARTED((FD_SET(fds[0], &set), far.tv_sec = 20, select(fds[0] + 1, &set, NULL, NULL, &far)));
  NEVER_RESTARTED(pselect(0, NULL, NULL, NULL, NULL, NULL));
  NEVER_RESTARTED(epoll_wait(epoll, &event, 1, -1));
  NEVER_RESTARTED(epoll_pwait(epoll, &event, 1, 20000, NULL));
}

CASE(sleeps) {
  struct timespec far = {20, 0}, left;
  NEVER_RESTARTED((left.tv_sec = 0, nanosleep(&far, &left)));
  CHECK(left.tv_sec >= 10 && left.tv_sec < 20);
  NEVER_RESTARTED((left.tv_sec = 0, clock_nanosleep(CLOCK_MONOTONIC, 0, &far, &left)));
  CHECK(left.tv_sec >= 10 && left.tv_sec < 20);
  NEVER_RESTARTED(usleep(19000000) + 0 * left.tv_sec);
  NEVER_RESTARTED(sleep(20) > 0);
}

CASE(absolute_sleep) {
  struct timespec far, left = {77, 0};
  clock_gettime(CLOCK_MONOTONIC, &far);
  far.tv_sec += 20;
  NEVER_RESTARTED(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &far, &left));
  say("remainder untouched %d", left.tv_sec == 77);
}

static sem_t semaphore;
static void post(void) { sem_post(&semaphore); }
CASE(semaphore_wait) {
  sem_init(&semaphore, 0, 0);
  INTERRUPTED(SA_RESTART, post, sem_wait(&semaphore));
}

static pid_t child;
static int wait_in_child(void* unused) {
  (void)unused;
  for (;;) pause();
  return 0;
}
static void end_child(void) { kill(child, SIGKILL); }

CASE(wait4_child) {
  child = start_child(wait_in_child, NULL);
  BOTH_WAYS(end_child, waitpid(child, NULL, 0) == child ? 1 : -1);
}

CASE(waitid_child) {
  siginfo_t info;
  child = start_child(wait_in_child, NULL);
  BOTH_WAYS(end_child, waitid(P_PID, child, &info, WEXITED));
}

static int lock_fd;
static int hold_flock(void* ready) {
  int fd = MUST(open("lock", O_RDWR));
  MUST(flock(fd, LOCK_EX));
  *(volatile int*)ready = 1;
  for (;;) pause();
  return 0;
}

static int hold_fcntl(void* ready) {
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  int fd = MUST(open("lock", O_RDWR));
  MUST(fcntl(fd, F_SETLK, &lock));
  *(volatile int*)ready = 1;
  for (;;) pause();
  return 0;
}

CASE(flock_held) {
  volatile int* ready = (volatile int*)shared_memory(PAGE);
  lock_fd = make_file("lock", "", 0, 0600);
  child = start_child(hold_flock, (void*)ready);
  wait_value(ready, 1);
  BOTH_WAYS(end_child, flock(lock_fd, LOCK_EX));
  wait_for(child);
}

CASE(fcntl_lock_held) {
  volatile int* ready = (volatile int*)shared_memory(PAGE);
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  lock_fd = make_file("lock", "", 0, 0600);
  child = start_child(hold_fcntl, (void*)ready);
  wait_value(ready, 1);
  BOTH_WAYS(end_child, fcntl(lock_fd, F_SETLKW, &lock));
  wait_for(child);
}

static void open_writer(void) { MUST(open("fifo", O_WRONLY)); }
CASE(open_fifo) {
  MUST(mkfifo("fifo", 0600));
  BOTH_WAYS(open_writer, open("fifo", O_RDONLY) > 0 ? 1 : -1);
}

static void add_one(void) {
  uint64_t one = 1;
  MUST(write(fds[0], &one, 8));
}
CASE(read_eventfd) {
  fds[0] = MUST(eventfd(0, 0));
  BOTH_WAYS(add_one, read(fds[0], buffer, 8));
}

static void set_timer(void) {
  struct itimerspec now = {{0, 0}, {0, 1}};
  MUST(timerfd_settime(fds[0], 0, &now, NULL));
}
CASE(read_timerfd) {
  fds[0] = MUST(timerfd_create(CLOCK_MONOTONIC, 0));
  BOTH_WAYS(set_timer, read(fds[0], buffer, 8));
}

static void make_something(void) { MUST(mkdir("something", 0700)); }
CASE(read_inotify) {
  fds[0] = MUST(inotify_init1(0));
  MUST(inotify_add_watch(fds[0], ".", IN_CREATE));
  BOTH_WAYS(make_something, read(fds[0], buffer, 4096) > 0);
}

static int open_pty(void) {
  int fd = MUST(posix_openpt(O_RDWR | O_NOCTTY));
  MUST(grantpt(fd));
  MUST(unlockpt(fd));
  return fd;
}
static void type_line(void) { MUST(write(fds[1], "x\n", 2)); }
CASE(read_terminal) {
  fds[1] = open_pty();
  fds[0] = MUST(open(ptsname(fds[1]), O_RDWR | O_NOCTTY));
  BOTH_WAYS(type_line, read(fds[0], buffer, 10));
}

CASE(splice_pipe) {
  int other[2];
  MUST(pipe(fds));
  MUST(pipe(other));
  BOTH_WAYS(put_byte, splice(fds[0], NULL, other[1], NULL, 1, 0));
}

CASE(system_v_queues) {
  int queue = msgget(IPC_PRIVATE, 0600), set = semget(IPC_PRIVATE, 1, 0600);
  struct sembuf take = {0, -1, 0};
  MUST(queue);
  MUST(set);
  NEVER_RESTARTED(msgrcv(queue, buffer, 10, 0, 0));
  NEVER_RESTARTED(semop(set, &take, 1));
  MUST(msgctl(queue, IPC_RMID, NULL));
  MUST(semctl(set, 0, IPC_RMID));
}

static void wake_word(void) { syscall(SYS_futex, buffer, 1, 1, NULL, NULL, 0); }
CASE(futex_wait) { INTERRUPTED(SA_RESTART, wake_word, syscall(SYS_futex, buffer, 0, 0, NULL, NULL, 0)); }

// A stop and a continue without handlers: what goes on by itself and what returns EINTR.
enum { kRead, kPoll, kSleep, kEpoll, kSelect, kFutex, kSemop, kSigwait, kKinds };
static int stopped_call(void* kind) {
  struct pollfd poll_fd = {fds[0], POLLIN, 0};
  struct timespec soon = {0, 150000000}, time = {0, 150000000}, left = {0, 0};
  struct epoll_event event;
  sigset_t set = set_of(SIGUSR1);
  errno = 0;
  long result = -2;
  switch ((int)(long)kind) {
    case kRead: result = read(fds[0], buffer, 1); break;
    case kPoll: result = poll(&poll_fd, 1, 20000); break;
    case kSleep: result = nanosleep(&soon, &left); break;
    case kEpoll: result = epoll_wait(epoll_create1(0), &event, 1, 150); break;
    case kSelect: result = pselect(0, NULL, NULL, NULL, &time, NULL); break;
    case kFutex: result = syscall(SYS_futex, buffer, 0, 0, &soon, NULL, 0); break;
    case kSemop: result = clock_nanosleep(CLOCK_REALTIME, 0, &soon, NULL); break;
    case kSigwait: block_signal(SIGUSR1), result = sigtimedwait(&set, NULL, &soon); break;
  }
  say("%ld, errno %d", result, errno);
  return 0;
}

static void stop_and_continue(int kind) {
  MUST(pipe(fds));
  pid_t pid = start_child(stopped_call, (void*)(long)kind);
  int status;
  wait_asleep_in(pid, pid);
  kill(pid, SIGSTOP);
  MUST(waitpid(pid, &status, WUNTRACED));
  say_status("child", status);
  kill(pid, SIGCONT);
  nap_ms(20);
  put_byte();
  say_status("child", wait_for(pid));
}

CASE(stopped_in_read) { stop_and_continue(kRead); }
CASE(stopped_in_poll) { stop_and_continue(kPoll); }
CASE(stopped_in_nanosleep) { stop_and_continue(kSleep); }
CASE(stopped_in_epoll_wait) { stop_and_continue(kEpoll); }
CASE(stopped_in_pselect) { stop_and_continue(kSelect); }
CASE(stopped_in_futex) { stop_and_continue(kFutex); }
CASE(stopped_in_clock_nanosleep) { stop_and_continue(kSemop); }
CASE(stopped_in_sigtimedwait) { stop_and_continue(kSigwait); }

// An ignored signal, or one whose default is to be ignored, interrupts nothing.
static void* send_ignored(void* tid) {
  wait_asleep((int)(long)tid);
  syscall(SYS_tgkill, getpid(), (int)(long)tid, SIGWINCH);
  syscall(SYS_tgkill, getpid(), (int)(long)tid, SIGUSR2);
  nap_ms(20);
  wait_asleep((int)(long)tid);
  put_byte();
  return NULL;
}

CASE(ignored_signals_interrupt_nothing) {
  pthread_t thread;
  MUST(pipe(fds));
  set_handler(SIGUSR2, SIG_IGN, 0);
  if (pthread_create(&thread, NULL, send_ignored, (void*)(long)my_tid())) abort();
  say("read %zd", read(fds[0], buffer, 1));
  struct pollfd poll_fd = {fds[0], POLLIN, 0};
  pthread_join(thread, NULL);
  if (pthread_create(&thread, NULL, send_ignored, (void*)(long)my_tid())) abort();
  say("poll %d", poll(&poll_fd, 1, -1));
  pthread_join(thread, NULL);
}

// Two signals at one interruption: both handlers run, and the call restarts only when both allow it.
static void* send_two(void* tid) {
  wait_asleep((int)(long)tid);
  syscall(SYS_tgkill, getpid(), (int)(long)tid, SIGUSR1);
  syscall(SYS_tgkill, getpid(), (int)(long)tid, SIGUSR2);
  wait_value(&hits, 2);
  wait_asleep((int)(long)tid);
  put_byte();
  return NULL;
}

CASE(two_signals_restart_once) {
  pthread_t thread;
  MUST(pipe(fds));
  set_handler(SIGUSR1, hit, SA_RESTART);
  set_handler(SIGUSR2, hit, SA_RESTART);
  if (pthread_create(&thread, NULL, send_two, (void*)(long)my_tid())) abort();
  say("read %zd, hits %d", read(fds[0], buffer, 1), 2);
  pthread_join(thread, NULL);
  say("hits %d", hits);
}

static void without_waiting(int file, int directory, int pipe_end, int socket_end) {
  char byte;
  struct iovec part = {&byte, 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  int word = 0;
  CHECK_EQ(syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 0);
  CHECK_EQ(syscall(SYS_futex, &word, FUTEX_REQUEUE_PRIVATE, 1, NULL, &word, 0), 0);
  CHECK_EQ(pread(file, &byte, 1, 0), 1);
  CHECK_EQ(lseek(file, 0, SEEK_SET), 0);
  CHECK_EQ(read(file, &byte, 1), 1);
  CHECK_EQ(readv(file, &part, 1), 1);
  CHECK_EQ(pwrite(file, "x", 1, 5), 1);
  CHECK_EQ(fcntl(file, F_GETFL) & O_ACCMODE, O_RDWR);
  CHECK_EQ(flock(file, LOCK_EX | LOCK_NB), 0);
  CHECK_EQ(flock(file, LOCK_UN), 0);
  CHECK_ERR(read(directory, &byte, 1), EISDIR);
  CHECK_ERR(read(pipe_end, &byte, 1), EAGAIN);
  CHECK_ERR(recv(socket_end, &byte, 1, MSG_DONTWAIT), EAGAIN);
  CHECK_ERR(recvmsg(socket_end, &message, MSG_DONTWAIT), EAGAIN);
  CHECK_EQ(waitpid(-1, NULL, WNOHANG), 0);
  siginfo_t nobody;
  CHECK_EQ(waitid(P_ALL, 0, &nobody, WEXITED | WNOHANG), 0);
  int again = MUST(open("data", O_RDONLY));
  MUST(close(again));
}

// Whenever a signal comes, even where nothing is restarted.
CASE(what_does_not_wait_is_never_interrupted) {
  const struct sigaction action = {.sa_handler = hit};
  const struct itimerval often = {{0, 700}, {0, 700}}, never = {{0, 0}, {0, 0}};
  const int file = make_file("data", "0123456789", 10, 0600), directory = MUST(open(".", O_RDONLY | O_DIRECTORY));
  int ends[2], sockets[2];
  MUST(pipe2(ends, O_NONBLOCK));
  MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
  const pid_t child = MUST(fork());
  if (child == 0) {
    for (;;) pause();
  }
  MUST(sigaction(SIGALRM, &action, NULL));
  MUST(setitimer(ITIMER_REAL, &often, NULL));
  for (int i = 0; i < 300 || hits < 300; i++) without_waiting(file, directory, ends[0], sockets[0]);
  MUST(setitimer(ITIMER_REAL, &never, NULL));
  MUST(kill(child, SIGKILL));
  CHECK_EQ(waitpid(child, NULL, 0), child);
  say("not once");
}
