// What the programs about processes share: handlers that count and remember what they got.
#pragma once
#include "tests/conformance/case.h"

static volatile int hits;
static siginfo_t last;

static inline void hit(int signal) {
  (void)signal;
  hits++;
}

static inline void keep(int signal, siginfo_t* info, void* context) {
  (void)signal;
  (void)context;
  hits++;
  memcpy(&last, info, sizeof last);
}

static inline int return_value(void* value) { return (int)(long)value; }
