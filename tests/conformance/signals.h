// What the programs about signals share: handlers that remember what they got, a thread that signals the main one.
#pragma once
#include "tests/conformance/case.h"

#include <pthread.h>

static volatile int hits, last_signal;
static volatile siginfo_t last_info;

static inline void hit(int signal) {
  hits++;
  last_signal = signal;
}

static inline void keep_info(int signal, siginfo_t* info, void* context) {
  hits++;
  last_signal = signal;
  memcpy((void*)&last_info, info, sizeof last_info);
  CHECK(context != NULL);
}

static inline void* signal_main(void* what) {
  int tid = getpid();
  wait_asleep(tid);
  MUST(syscall(SYS_tgkill, getpid(), tid, (int)(long)what));
  return NULL;
}

static inline void poke_main(int signal) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, signal_main, (void*)(long)signal)) abort();
  pthread_detach(thread);
}
