// Promise 5. Whatever way a program is started, it runs in a virtual machine: no way leads to a native process.

// natively: broke
#include "attack.h"

#include <spawn.h>
#include <sys/auxv.h>

extern char** environ;

static char self[256];

// What the started program does: says what it is, as its exit status.
enum { kNative = 41, kKontained = 42 };
static int say_what_i_am(void) { return is_kontained() ? kKontained : kNative; }

static void judge(const char* way, int status) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == kNative) broke("%s starts a native program", way);
  // 1: the exec itself failed.
  if (status == 0 || !WIFEXITED(status)) broke("%s ended with %#x", way, status);
  if (WEXITSTATUS(status) != kKontained && WEXITSTATUS(status) != 1) {
    broke("%s starts something else: status %d", way, WEXITSTATUS(status));
  }
}

static void copy_to(int to) {
  static char bytes[1 << 16];
  const int from = open(self, O_RDONLY);
  for (ssize_t size; (size = read(from, bytes, sizeof bytes)) > 0;) write(to, bytes, (size_t)size);
  close(from);
}

static char* const arguments[] = {"attack", "what", NULL};

static void by_path(void) { execve(self, arguments, environ); }
static void by_own_link(void) { execve("/proc/self/exe", arguments, environ); }
static void by_thread_link(void) { execve("/proc/thread-self/exe", arguments, environ); }
static void by_relative_link(void) {
  chdir("/proc/self");
  execve("exe", arguments, environ);
}
static void by_parent_link(void) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/exe", getppid());
  execve(path, arguments, environ);
}
static void by_descriptor(void) {
  const int fd = open(self, O_RDONLY);
  syscall(SYS_execveat, fd, "", arguments, environ, AT_EMPTY_PATH);
}
static void by_path_descriptor(void) {
  const int fd = open(self, O_PATH);
  syscall(SYS_execveat, fd, "", arguments, environ, AT_EMPTY_PATH);
}
static void by_descriptor_link(void) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", open(self, O_RDONLY));
  execve(path, arguments, environ);
}
static void by_memfd(void) {
  const int fd = memfd_create("program", 0);
  copy_to(fd);
  syscall(SYS_execveat, fd, "", arguments, environ, AT_EMPTY_PATH);
}
static void by_memfd_link(void) {
  const int fd = memfd_create("program", 0);
  copy_to(fd);
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  execve(path, arguments, environ);
}
static void by_unlinked_file(void) {
  const int writer = open("program", O_WRONLY | O_CREAT | O_TRUNC, 0700);
  copy_to(writer);
  close(writer);
  const int fd = open("program", O_RDONLY);
  unlink("program");
  syscall(SYS_execveat, fd, "", arguments, environ, AT_EMPTY_PATH);
}
static void by_script(void) {
  const int fd = open("script", O_WRONLY | O_CREAT | O_TRUNC, 0700);
  dprintf(fd, "#!%s what\n", self);
  close(fd);
  execve("script", arguments, environ);
}
static void by_nested_scripts(void) {
  const int fd = open("script2", O_WRONLY | O_CREAT | O_TRUNC, 0700);
  dprintf(fd, "#!./script what\n");
  close(fd);
  execve("script2", arguments, environ);
}
static void by_script_to_own_link(void) {
  const int fd = open("script3", O_WRONLY | O_CREAT | O_TRUNC, 0700);
  dprintf(fd, "#!/proc/self/exe what\n");
  close(fd);
  execve("script3", arguments, environ);
}
static void by_loader(void) {
  char* const by_hand[] = {"ld.so", "/bin/sh", "-c", "case $(uname -r) in *.kontain) exit 42;; *) exit 41;; esac",
                           NULL};
  execve("/lib64/ld-linux-x86-64.so.2", by_hand, environ);
}
static void by_shell(void) {
  execl("/bin/sh", "sh", "-c", "case $(uname -r) in *.kontain) exit 42;; *) exit 41;; esac", NULL);
}
static void by_empty_argv(void) { execve(self, (char* const[]){NULL}, environ); }

static const struct {
  const char* name;
  void (*run)(void);
} ways[] = {{"a path", by_path},
            {"/proc/self/exe", by_own_link},
            {"/proc/thread-self/exe", by_thread_link},
            {"exe in /proc/self", by_relative_link},
            {"the parent's exe", by_parent_link},
            {"a descriptor", by_descriptor},
            {"an O_PATH descriptor", by_path_descriptor},
            {"a descriptor's link", by_descriptor_link},
            {"a memfd", by_memfd},
            {"a memfd's link", by_memfd_link},
            {"an unlinked file", by_unlinked_file},
            {"a script", by_script},
            {"a script of a script", by_nested_scripts},
            {"a script of /proc/self/exe", by_script_to_own_link},
            {"ld.so by hand", by_loader},
            {"a shell's child", by_shell},
            {"an empty argv", by_empty_argv}};

// The same without fork: posix_spawn and vfork share the memory until the exec.
static void attack_spawn(void) {
  pid_t child;
  if (posix_spawn(&child, self, 0, 0, arguments, environ) == 0) judge("posix_spawn", status_of(child));
  child = vfork();
  if (child == 0) {
    execve(self, arguments, environ);
    _exit(1);
  }
  if (child > 0) judge("vfork", status_of(child));
  const int status = system("case $(uname -r) in *.kontain) exit 42;; *) exit 41;; esac");
  judge("system", status);
}

int main(int argc, char** argv) {
  if (argc != 1 || getenv("WHAT")) return say_what_i_am();
  if (realpath((const char*)getauxval(AT_EXECFN), self) == NULL) failed("realpath");
  for (size_t i = 0; i < sizeof ways / sizeof *ways; ++i) {
    const pid_t child = start_process();
    if (child == 0) {
      setenv("WHAT", "1", 1);
      ways[i].run();
      _exit(1);
    }
    judge(ways[i].name, status_of(child));
  }
  attack_spawn();
  held();
}
