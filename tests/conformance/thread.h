// What the programs about threads share: starting and joining that must succeed.
#pragma once
#include "tests/conformance/case.h"

#include <pthread.h>

static inline void start(pthread_t* thread, void* (*body)(void*), void* argument) {
  int error = pthread_create(thread, NULL, body, argument);
  if (error) {
    say("CHECK failed: pthread_create: %d", error);
    _exit(99);
  }
}

static inline void* join(pthread_t thread) {
  void* result = NULL;
  CHECK_EQ(pthread_join(thread, &result), 0);
  return result;
}
