#include <dlfcn.h>
#include <string.h>
#include "dynlink.h"
#include "static_modules.h"

static void* static_dlopen(const char* file, int mode) {
  if (!file) return STATIC_PROGRAM;
  const char* name = strrchr(file, '/');
  name = name ? name + 1 : file;
  for (const struct kontain_module* m = __start_kontain_modules; m < __stop_kontain_modules; m++)
    if (!strcmp(m->name, name)) return (void*)m;
  __dl_seterr("%s: not linked into this static program", file);
  return 0;
}

weak_alias(static_dlopen, dlopen);
