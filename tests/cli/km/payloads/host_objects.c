// Uses what the host's kernel keeps for the payload: semaphores, queues, timers; waits for what is not there.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/personality.h>
#include <sys/sem.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int sum;

static void report(const char* what, long result) {
  printf("%s: %ld %s\n", what, result, result < 0 ? strerror(errno) : "");
  sum += result < 0;
}

static void semaphores(void) {
  int set = semget(IPC_PRIVATE, 2, 0600);
  struct sembuf take = {0, -1, 0};
  unsigned short values[2] = {3, 4};
  struct timespec soon = {0, 1000000};
  report("semctl SETALL", semctl(set, 0, SETALL, values));
  report("semop", semop(set, &take, 1));
  report("semctl GETVAL", semctl(set, 0, GETVAL));
  report("semctl GETALL", semctl(set, 0, GETALL, values) + values[0] * 10 + values[1]);
  take.sem_op = -9;
  report("semtimedop", semtimedop(set, &take, 1, &soon));
  report("semctl IPC_RMID", semctl(set, 0, IPC_RMID));
}

static void queues(void) {
  int queue = msgget(IPC_PRIVATE, 0600);
  struct {
    long type;
    char text[32];
  } message = {2, "hello"};
  report("msgsnd", msgsnd(queue, &message, 6, 0));
  memset(&message, 0, sizeof message);
  report("msgrcv", msgrcv(queue, &message, sizeof message.text, 0, 0));
  report(message.text, message.type);
  report("msgctl", msgctl(queue, IPC_RMID, 0));

  char name[64], text[16];
  unsigned priority = 0;
  struct mq_attr attr = {.mq_maxmsg = 2, .mq_msgsize = sizeof text};
  snprintf(name, sizeof name, "/kontain-test-%d", getpid());
  mqd_t posix = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr);
  report("mq_send", mq_send(posix, "word", 5, 7));
  report("mq_receive", mq_receive(posix, text, sizeof text, &priority));
  report(text, priority);
  report("mq_unlink", mq_unlink(name));
}

static void timers(void) {
  struct sigevent event = {.sigev_notify = SIGEV_NONE};
  struct itimerspec setting = {{0, 0}, {1000, 0}};
  timer_t timer;
  report("timer_create", timer_create(CLOCK_MONOTONIC, &event, &timer));
  report("timer_settime", timer_settime(timer, 0, &setting, 0));
  report("timer_gettime", timer_gettime(timer, &setting));
  report("left", setting.it_value.tv_sec > 900);
  report("timer_delete", timer_delete(timer));
  report("timer_delete", timer_delete(timer));
  report("alarm", alarm(1000));
  report("alarm again", alarm(0) > 900);
}

static void waiting(void) {
  sigset_t set;
  siginfo_t info;
  struct timespec now = {0, 0};
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  report("signalfd", signalfd(-1, &set, SFD_CLOEXEC) > 2);
  report("sigtimedwait", sigtimedwait(&set, &info, &now));
  report("pidfd_open", syscall(SYS_pidfd_open, getpid(), 0) > 2);
  report("wait4", wait4(-1, 0, 0, 0));
  report("waitid", waitid(P_ALL, 0, &info, WEXITED));
}

int main(void) {
  semaphores();
  queues();
  timers();
  waiting();
  report("personality", personality(0x40000) & ~0x40000);
  report("personality", personality(0xffffffff));
  report("failures", sum);
  return 0;
}
