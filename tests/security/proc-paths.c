// Promise 3. The process's own memory, mappings and environment under every name its /proc has, by every kind of path.

// natively: broke
#include "attack.h"

#include <linux/openat2.h>
#include <sys/inotify.h>

static char folders[24][128];
static int folder_count;

static void add(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(folders[folder_count++], sizeof *folders, format, arguments);
  va_end(arguments);
}

static void make_folders(void) {
  const int pid = getpid(), tid = (int)syscall(SYS_gettid);
  add("/proc/self");
  add("/proc/thread-self");
  add("/proc/%d", pid);
  add("/proc/%d/task/%d", pid, tid);
  add("/proc/self/task/%d", tid);
  add("/proc//self/.");
  add("/proc/self/../self");
  add("//proc/./%d/../self", pid);
  add("/proc/self/root/proc/self");
  add("/proc/self/cwd/link");
  add("/proc/1/../self");
  add("/dev/fd/..");
  add("/dev/../proc/self");
  add("/sys/../proc/self");
  add("link");
  add("link/");
  add("./link/../self");
  add("second/link");
  symlink("/proc/self", "link");
  mkdir("second", 0700);
  symlink("../link", "second/link");
}

static void judge_memory(int fd, const char* path) {
  char bytes[8];
  if (fd < 0) return;
  if (CALL(SYS_pread64, fd, bytes, 8, target) == 8) broke("%s reads the monitor's memory", path);
  if (is_kontained()) broke("%s can be opened", path);  // nothing of it can be the payload's
  close(fd);
}

// What a mappings file shows has to be the payload's: nothing beyond its ranges but the vDSO.
static void judge_mappings(int fd, const char* path) {
  static char text[1 << 16];
  if (fd < 0) return;
  ssize_t length = read(fd, text, sizeof text - 1);
  close(fd);
  text[length < 0 ? 0 : length] = '\0';
  for (char* line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
    unsigned long start, end;
    if (sscanf(line, "%lx-%lx", &start, &end) != 2 || strstr(line, "[v")) continue;
    if (end > 0x6f0000000000) broke("%s shows %s", path, line);
  }
}

static void judge_environment(int fd, const char* path) {
  static char text[1 << 16];
  if (fd < 0) return;
  const ssize_t length = read(fd, text, sizeof text);
  close(fd);
  if (length > 0 && memmem(text, (size_t)length, "canary-5e1f0b7d", 15)) broke("%s shows the monitor's secret", path);
  if (length > 0 && memmem(text, (size_t)length, "--trace-file", 12)) broke("%s shows the monitor's options", path);
}

static const struct {
  const char* name;
  void (*judge)(int, const char*);
} files[] = {{"mem", judge_memory},          {"map_files", judge_memory},    {"pagemap", judge_mappings},
             {"maps", judge_mappings},       {"smaps", judge_mappings},      {"numa_maps", judge_mappings},
             {"environ", judge_environment}, {"cmdline", judge_environment}, {"auxv", judge_environment}};

// The file by open, openat, openat2, by a handle of it, and relative to its folder as directory and as working place.
static void attack(const char* folder, const char* file, void (*judge)(int, const char*)) {
  char path[256], handle[64];
  snprintf(path, sizeof path, "%s/%s", folder, file);
  judge((int)CALL(SYS_open, path, O_RDONLY), path);
  judge((int)CALL(SYS_openat, AT_FDCWD, path, O_RDWR), path);
  struct open_how how = {.flags = O_RDONLY};
  judge((int)CALL(SYS_openat2, AT_FDCWD, path, &how, sizeof how), path);
  how.resolve = RESOLVE_IN_ROOT;
  judge((int)CALL(SYS_openat2, open("/", O_PATH), path, &how, sizeof how), path);
  const int place = open(path, O_PATH);
  snprintf(handle, sizeof handle, "/proc/self/fd/%d", place);
  if (place >= 0) judge((int)CALL(SYS_open, handle, O_RDONLY), path);
  const int directory = open(folder, O_PATH | O_DIRECTORY);
  if (directory >= 0) judge((int)CALL(SYS_openat, directory, file, O_RDONLY), path);
  const int home = open(".", O_PATH | O_DIRECTORY);
  if (chdir(folder) == 0) judge((int)CALL(SYS_open, file, O_RDONLY), path);
  fchdir(home);
  if (directory >= 0 && fchdir(directory) == 0) judge((int)CALL(SYS_open, file, O_RDONLY), path);
  fchdir(home);
  unlink("file");
  if (symlink(path, "file") == 0) judge((int)CALL(SYS_open, "file", O_RDONLY), path);
  CALL(SYS_close_range, 3, ~0U, 0);
}

int main(void) {
  CALL(SYS_close_range, 3, ~0U, 0);
  make_folders();
  for (int i = 0; i < folder_count; ++i) {
    for (size_t j = 0; j < sizeof files / sizeof *files; ++j) attack(folders[i], files[j].name, files[j].judge);
  }
  held();
}
