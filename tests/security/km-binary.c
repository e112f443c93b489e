// Promise 6. The monitor's own file cannot be opened for writing, replaced, linked, or given other rights or times by
// any link to it; attack.sh compares it before and after.

// natively: held
#include "attack.h"

#include <sys/auxv.h>
#include <sys/xattr.h>
#include <utime.h>

static char own[256];
static struct stat mine;

static void spoil(const char* path) {
  const int fd = (int)CALL(SYS_open, path, O_RDWR);
  struct stat opened;
  if (fd >= 0 && fstat(fd, &opened) == 0 && opened.st_ino != mine.st_ino) broke("%s can be opened for writing", path);
  if (fd >= 0) close(fd);
  // The own program is the payload's to spoil.
  if (stat(path, &opened) == 0 && opened.st_ino == mine.st_ino) return;
  CALL(SYS_truncate, path, 0);
  CALL(SYS_chmod, path, 0);
  CALL(SYS_chown, path, 65534, 65534);
  CALL(SYS_setxattr, path, "user.spoiled", "x", 1, 0);
  CALL(SYS_utime, path, &(struct utimbuf){1, 1});
  CALL(SYS_linkat, AT_FDCWD, path, AT_FDCWD, "stolen", AT_SYMLINK_FOLLOW);
  CALL(SYS_linkat, AT_FDCWD, path, AT_FDCWD, "stolen", 0);
  CALL(SYS_rename, path, "moved");
  CALL(SYS_unlink, path);
  const int handle = open(path, O_PATH);
  if (handle < 0) return;
  CALL(SYS_linkat, handle, "", AT_FDCWD, "stolen", AT_EMPTY_PATH);
  CALL(SYS_fchmodat, handle, "", 0, AT_EMPTY_PATH);
  CALL(452 /* fchmodat2 */, handle, "", 0, AT_EMPTY_PATH);
  CALL(SYS_fchownat, handle, "", 65534, 65534, AT_EMPTY_PATH);
  CALL(SYS_utimensat, handle, "", (struct timespec[2]){{1, 0}, {1, 0}}, AT_EMPTY_PATH);
  close(handle);
}

// What was reached may be the own program only.
static void judge_what_was_stolen(void) {
  struct stat stolen;
  if (stat("stolen", &stolen) == 0 && stolen.st_ino != mine.st_ino) broke("a link to another program was made");
  if (stat("moved", &stolen) == 0 && stolen.st_ino != mine.st_ino) broke("another program was moved");
}

static void* swap(void* unused) {
  while (attacking()) {
    CALL(SYS_chdir, "/proc/self");
    CALL(SYS_fchdir, *(int*)unused);
  }
  return unused;
}

int main(void) {
  if (realpath((const char*)getauxval(AT_EXECFN), own) == NULL) failed("realpath");
  if (stat(own, &mine) != 0) failed("stat");
  CALL(SYS_close_range, 3, ~0U, 0);  // what was inherited
  int home = open(".", O_PATH | O_DIRECTORY);
  symlink("/proc/self/exe", "exe");
  symlink("/proc/self", "process");
  spoil("exe");
  spoil("process/exe");
  spoil("/proc/self/exe");
  spoil("/proc/thread-self/exe");
  spoil("/proc/self/root/proc/self/exe");
  chdir("/proc/self");
  spoil("exe");
  spoil("task/../exe");
  fchdir(home);
  for (int number = 128; number < 1100; ++number) {
    char path[64];
    snprintf(path, sizeof path, "process/fd/%d", number);
    spoil(path);
  }
  symlink("/proc/self/exe", "exe");  // the first was unlinked
  const pthread_t swapper = start_thread(swap, &home);
  while (attacking()) spoil("exe");
  join(swapper);
  fchdir(home);
  judge_what_was_stolen();
  held();
}
