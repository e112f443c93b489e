#include <dlfcn.h>
#include "dynlink.h"
#include "static_modules.h"

int dlclose(void* p) {
  if (p == STATIC_PROGRAM || static_module(p)) return 0;
  return __dl_invalid_handle(p);
}
