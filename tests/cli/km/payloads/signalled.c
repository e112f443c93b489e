// Every kind of line that a trace has besides calls: signals, threads, children, an interrupted call, a fatal fault.
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static void handler(int number) { (void)number; }
static void* thread(void* argument) { return argument; }

static void handle(int number) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
  sigaction(number, &action, NULL);
}

static void read_interrupted(void) {
  int ends[2];
  char byte;
  struct itimerval soon = {.it_value = {.tv_usec = 50000}};
  if (pipe(ends) != 0) abort();
  pid_t child = fork();
  if (child == 0) {
    usleep(400000);
    _exit(3);
  }
  close(ends[1]);
  setitimer(ITIMER_REAL, &soon, NULL);
  if (read(ends[0], &byte, 1) != 0) abort();
  waitpid(child, NULL, 0);
}

int main(void) {
  handle(SIGUSR1);
  handle(SIGALRM);
  handle(SIGCHLD);
  raise(SIGUSR1);
  sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 7});
  read_interrupted();
  pthread_t other;
  pthread_create(&other, NULL, thread, NULL);
  pthread_join(other, NULL);
  *(volatile int*)8 = 1;
  return 0;
}
