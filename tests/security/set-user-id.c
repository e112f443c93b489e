// Promise 5. Set-user-ID and set-group-ID bits and file capabilities give nothing.

// natively: broke
#include "attack.h"

#include <sys/auxv.h>
#include <sys/xattr.h>

static void write_program(const char* path, const char* self) {
  static char bytes[1 << 16];
  const int to = open(path, O_WRONLY | O_CREAT, 0700), from = open(self, O_RDONLY);
  for (ssize_t size; (size = read(from, bytes, sizeof bytes)) > 0;) write(to, bytes, (size_t)size);
  close(to);
  close(from);
}

// The exit status is 1 for other identifiers than given, 2 for capabilities.
static int judge_myself(char** argv) {
  if (geteuid() != (uid_t)atoi(argv[1]) || getegid() != (gid_t)atoi(argv[2])) return 1;
  unsigned header[2] = {0x20080522, 0}, sets[6] = {0};
  syscall(SYS_capget, header, sets);
  return atoi(argv[1]) != 0 && sets[0] != 0 ? 2 : 0;
}

static void attack(const char* path, const char* what) {
  const pid_t child = start_process();
  if (child == 0) {
    if (setgid(65534) != 0 || setuid(65534) != 0) _exit(3);
    execl(path, path, "65534", "65534", NULL);
    _exit(4);
  }
  const int status = status_of(child);
  if (WIFEXITED(status) && WEXITSTATUS(status) != 0 && WEXITSTATUS(status) < 3) broke("%s had an effect", what);
}

int main(int argc, char** argv) {
  if (argc > 2) return judge_myself(argv);
  if (geteuid() != 0) {
    errno = EPERM;
    cannot("give files to other users");
  }
  char self[256], folder[] = "/tmp/kontain-suid-XXXXXX";
  if (realpath((const char*)getauxval(AT_EXECFN), self) == NULL) failed("realpath");
  if (mkdtemp(folder) == NULL || chmod(folder, 0755) != 0 || chdir(folder) != 0) failed("mkdtemp");
  write_program("suid", self);
  write_program("capable", self);
  chmod("suid", 06755);
  chmod("capable", 0755);
  static const unsigned char capability[20] = {1, 0, 0, 2, 0xff, 0xff, 0xff, 0xff};  // VFS_CAP_REVISION_2, effective
  setxattr("capable", "security.capability", capability, sizeof capability, 0);
  int ended = 0;
  const pid_t child = start_process();
  if (child == 0) {
    attack("./suid", "a set-user-ID bit");
    attack("./capable", "a file capability");
    _exit(0);
  }
  ended = status_of(child);
  unlink("suid");
  unlink("capable");
  rmdir(folder);
  if (ended != 0) _exit(1);
  held();
}
