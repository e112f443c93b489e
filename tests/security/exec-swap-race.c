// Promise 5. The file that is executed is exchanged, rewritten or replaced by a link while the monitor judges and
// starts it. What runs must be in a virtual machine, or be refused; the monitor's own failures (125) are none of
// either.

// natively: broke
#include "attack.h"

#include <sys/auxv.h>

extern char** environ;

#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE 2
#endif

enum { kNative = 41, kKontained = 42 };

static int memory_file;

static void write_file(const char* path, const char* from) {
  static char bytes[1 << 16];
  const int to = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0700), source = open(from, O_RDONLY);
  for (ssize_t size; source >= 0 && (size = read(source, bytes, sizeof bytes)) > 0;) write(to, bytes, (size_t)size);
  if (source < 0) dprintf(to, "%s", from);
  close(to);
  close(source);
}

static void* swap(void* unused) {
  static char header[4096], broken[4096];
  pread(memory_file, header, sizeof header, 0);
  memcpy(broken, header, sizeof broken);
  memset(broken + 32, 0xff, 64);
  while (!attack_is_over) {
    CALL(SYS_renameat2, AT_FDCWD, "program", AT_FDCWD, "script", RENAME_EXCHANGE);
    CALL(SYS_renameat2, AT_FDCWD, "program", AT_FDCWD, "link", RENAME_EXCHANGE);
    pwrite(memory_file, broken, sizeof broken, 0);
    pwrite(memory_file, header, sizeof header, 0);
    CALL(SYS_renameat2, AT_FDCWD, "program", AT_FDCWD, "truncated", RENAME_EXCHANGE);
  }
  return unused;
}

int main(int argc, char** argv) {
  if (argc != 1) return is_kontained() ? kKontained : kNative;
  char self[256];
  if (realpath((const char*)getauxval(AT_EXECFN), self) == NULL) failed("realpath");
  write_file("program", self);
  char script[512];
  snprintf(script, sizeof script, "#!%s what\n", self);
  write_file("script", script);
  write_file("truncated", self);
  truncate("truncated", 5000);
  symlink("/proc/self/exe", "link");
  memory_file = memfd_create("program", 0);
  write_file("/proc/self/fd/3", self);
  const int from = open(self, O_RDONLY);
  static char bytes[1 << 16];
  for (ssize_t size; (size = read(from, bytes, sizeof bytes)) > 0;) write(memory_file, bytes, (size_t)size);

  const pthread_t swapper = start_thread(swap, 0);
  for (int round = 0; attacking() || round < 20; ++round) {
    const pid_t child = start_process();
    if (child == 0) {
      char* const arguments[] = {"attack", "what", NULL};
      if (round % 2) execve("program", arguments, environ);
      syscall(SYS_execveat, memory_file, "", arguments, environ, AT_EMPTY_PATH);
      _exit(1);
    }
    const int status = status_of(child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == kNative) broke("round %d started a native program", round);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 125) broke("round %d ended the monitor with 125", round);
  }
  join(swapper);
  held();
}
