/* dlopen and dlsym of a program that is linked statically. */
#ifndef STATIC_MODULES_H
#define STATIC_MODULES_H

#include <elf.h>
#include <features.h>
#include <link.h>
#include <stddef.h>
#include "kontain/modules.h"

/* The handle of the program itself. */
#define STATIC_PROGRAM ((void*)1)

/* The linker makes these when any object has the section. */
extern weak hidden const struct kontain_module __start_kontain_modules[], __stop_kontain_modules[];

/* The table entry behind a handle, or 0. */
static inline const struct kontain_module* static_module(const void* handle) {
  for (const struct kontain_module* m = __start_kontain_modules; m < __stop_kontain_modules; m++)
    if (m == handle) return m;
  return 0;
}

#endif
