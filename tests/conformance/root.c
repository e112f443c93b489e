// chroot(2): what another root changes, what it leaves alone, and programs that are started in it. Without the right to
// it every call gives EPERM, natively as under km.
#include "tests/conformance/case.h"

#include <elf.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <sys/inotify.h>
#include <sys/statfs.h>
#include <sys/xattr.h>
#include <utime.h>

static void write_text(const char* path, const char* text) {
  int fd = MUST(open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  CHECK_EQ(write(fd, text, strlen(text)), strlen(text));
  close(fd);
}

static void say_text(const char* what, int fd) {
  char text[64] = "";
  if (fd < 0) {
    say("%s: errno %d", what, errno);
    return;
  }
  CHECK(read(fd, text, sizeof text - 1) >= 0);
  close(fd);
  say("%s: %s", what, text);
}

static void say_link(const char* what, int folder, const char* path) {
  char text[PATH_MAX + 1] = "";
  if (readlinkat(folder, path, text, PATH_MAX) < 0) {
    say("%s: errno %d", what, errno);
    return;
  }
  // The folders that a run makes for itself have names of its own.
  const char* known = strstr(text, "/jail");
  say("%s: %s", what, known ? known : strchr(text + 1, '/') ? "elsewhere" : text);
}

static void say_result(const char* what, int result) {
  if (result == -1) {
    say("%s: errno %d", what, errno);
  } else {
    say("%s: %d", what, result);
  }
}

static int make_folder(const char* path) { return mkdir(path, 0755); }

// A root in the working directory, with a file "here" in it; the process is in it afterwards.
static void enter_jail(void) {
  MUST(make_folder("jail"));
  MUST(make_folder("jail/inside"));
  write_text("jail/here", "in the jail");
  if (chroot("jail") != 0) {
    say("chroot: errno %d", errno);
    _exit(0);
  }
}

static int show_roots(void* unused) {
  (void)unused;
  write_text("outside", "outside");
  enter_jail();
  say_text("/here", open("/here", O_RDONLY));
  say_text("/../../here", open("/../../here", O_RDONLY));
  say_text("here", open("here", O_RDONLY));
  say_text("outside", open("outside", O_RDONLY));
  say_text("/outside", open("/outside", O_RDONLY));
  char place[PATH_MAX] = "";
  long length = syscall(SYS_getcwd, place, sizeof place);
  say("getcwd: %d, %.13s", length > 0, place);
  MUST(chdir("/inside"));
  say("getcwd: %s", getcwd(place, sizeof place));
  say_text("../here", open("../here", O_RDONLY));
  say_text("../../here", open("../../here", O_RDONLY));
  say_text("/proc/self/status", open("/proc/self/status", O_RDONLY));
  return 0;
}

CASE(what_is_found) { say_status("child", run_child(show_roots, NULL)); }

// A folder of the old root leads out again, and there chroot(2) does too.
static int leave_jail(void* unused) {
  (void)unused;
  write_text("outside", "outside");
  int before = MUST(open("/", O_RDONLY | O_DIRECTORY));
  int here = MUST(open(".", O_RDONLY | O_DIRECTORY));
  enter_jail();
  say("old root by descriptor: %d", faccessat(before, "tmp", F_OK, 0));
  MUST(fchdir(before));
  say("old root by working directory: %d", access("tmp", F_OK));
  say_result("/tmp", access("/tmp", F_OK));
  MUST(chroot("."));
  say("/tmp: %d", access("/tmp", F_OK));
  MUST(fchdir(here));
  say_text("outside", open("outside", O_RDONLY));
  return 0;
}

CASE(way_out) { say_status("child", run_child(leave_jail, NULL)); }

// A root in a root: what is looked up in between is not the monitor's business.
static int nested(void* unused) {
  (void)unused;
  enter_jail();
  MUST(chdir("/"));
  MUST(symlink("second", "/link"));
  MUST(make_folder("second"));
  write_text("second/deep", "deep");
  MUST(chroot("/link"));
  say_text("/deep", open("/deep", O_RDONLY));
  say_text("here", open("here", O_RDONLY));
  say_text("../here", open("../here", O_RDONLY));
  say("again: %d", chroot("/"));
  say_text("/deep", open("/deep", O_RDONLY));
  return 0;
}

CASE(root_in_a_root) { say_status("child", run_child(nested, NULL)); }

static int wrong_calls(void* unused) {
  (void)unused;
  char name[PATH_MAX + 2];
  memset(name, 'a', sizeof name);
  name[sizeof name - 1] = 0;
  write_text("file", "text");
  MUST(symlink("loop", "loop"));
  CHECK_ERR(chroot("nothing"), ENOENT);
  CHECK_ERR(chroot(""), ENOENT);
  CHECK_ERR(chroot("file"), ENOTDIR);
  CHECK_ERR(chroot("file/below"), ENOTDIR);
  CHECK_ERR(chroot("loop"), ELOOP);
  CHECK_ERR(chroot(name), ENAMETOOLONG);
  CHECK_ERR(syscall(SYS_chroot, NULL), EFAULT);
  return 0;
}

CASE(errors) { say_status("child", run_child(wrong_calls, NULL)); }

static int without_right(void* unused) {
  (void)unused;
  MUST(make_folder("open"));
  MUST(make_folder("closed"));
  MUST(chmod("closed", 0700));
  if (geteuid() == 0) MUST(setresuid(65534, 65534, 65534));
  say_result("open", chroot("open"));
  say_result("closed", chroot("closed"));
  return 0;
}

CASE(no_right) { say_status("child", run_child(without_right, NULL)); }

// Calls by path that have no form with a descriptor, and others that follow a link in the last place.
static int use_paths(void* unused) {
  (void)unused;
  enter_jail();
  MUST(chdir("/inside"));
  MUST(symlink("/here", "/link"));
  struct statfs system;
  struct stat info;
  say_result("statfs", statfs("/link", &system));
  say_result("access", access("/link", R_OK));
  say_result("chmod", chmod("/link", 0640));
  say_result("chown", chown("/link", 12, 34));
  struct utimbuf times = {1000000, 2000000};
  say_result("utime", utime("/link", &times));
  MUST(stat("/here", &info));
  say("mode %o, owner %u %u, times %ld %ld", info.st_mode & 07777, info.st_uid, info.st_gid, (long)info.st_atime,
      (long)info.st_mtime);
  struct timeval exact[2] = {{3000000, 5}, {4000000, 6}};
  say_result("utimes", (int)syscall(SYS_utimes, "/link", exact));
  MUST(stat("/here", &info));
  say("times %ld %ld, %ld", (long)info.st_atime, (long)info.st_mtime, info.st_mtim.tv_nsec);
  say_result("truncate", truncate("/link", 6));
  say_text("/here", open("/here", O_RDONLY));
  say_result("linkat", linkat(AT_FDCWD, "/link", AT_FDCWD, "/another", AT_SYMLINK_FOLLOW));
  MUST(stat("/another", &info));
  say("links: %d", (int)info.st_nlink);
  char value[16] = "";
  say_result("setxattr", setxattr("/link", "trusted.km", "value", 5, 0));
  say("getxattr: %d, %s", (int)getxattr("/link", "trusted.km", value, sizeof value), value);
  say_result("removexattr", removexattr("/link", "trusted.km"));
  int events = MUST(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  say("watch: %d", inotify_add_watch(events, "/link", IN_ATTRIB) > 0);
  MUST(chmod("/here", 0600));
  char event[512];
  say("event: %d", read(events, event, sizeof event) > 0);
  // Nothing of it has moved the working directory.
  say("getcwd: %s", getcwd(value, sizeof value));
  return 0;
}

CASE(paths) { say_status("child", run_child(use_paths, NULL)); }

static void* look(void* unused) {
  (void)unused;
  say_text("other thread, /here", open("/here", O_RDONLY));
  MUST(chdir("/inside"));
  return NULL;
}

static void* move(void* unused) {
  (void)unused;
  enter_jail();
  return NULL;
}

static int with_threads(void* unused) {
  (void)unused;
  pthread_t thread;
  CHECK_EQ(pthread_create(&thread, NULL, move, NULL), 0);
  pthread_join(thread, NULL);
  say_text("/here", open("/here", O_RDONLY));
  CHECK_EQ(pthread_create(&thread, NULL, look, NULL), 0);
  pthread_join(thread, NULL);
  char place[64];
  say("getcwd: %s", getcwd(place, sizeof place));
  return 0;
}

CASE(threads) { say_status("child", run_child(with_threads, NULL)); }

static int below(void* unused) {
  (void)unused;
  say_text("child, /here", open("/here", O_RDONLY));
  say_result("child, chroot", chroot("/inside"));
  say_result("child, /here", access("/here", F_OK));
  return 0;
}

static int with_children(void* unused) {
  (void)unused;
  enter_jail();
  say_status("child", run_child(below, NULL));
  say_text("parent, /here", open("/here", O_RDONLY));
  pid_t pid = vfork();
  if (pid == 0) {
    int result = chroot("/inside") == 0 && access("/here", F_OK) == -1;
    _exit(result);
  }
  int status = wait_for(pid);
  say_status("vfork child", status);
  say_text("parent, /here", open("/here", O_RDONLY));
  return 0;
}

CASE(children) { say_status("child", run_child(with_children, NULL)); }

// What a descriptor of /proc from before says.
static int keep_proc(void* unused) {
  (void)unused;
  int proc = MUST(open("/proc/self", O_RDONLY | O_DIRECTORY));
  enter_jail();
  MUST(chdir("/inside"));
  say_link("root", proc, "root");
  say_link("cwd", proc, "cwd");
  int here = MUST(open("/here", O_RDONLY));
  char name[32];
  snprintf(name, sizeof name, "fd/%d", here);
  say_link("fd", proc, name);
  say_text("fd, opened", openat(proc, name, O_RDONLY));
  say_text("root/here", openat(proc, "root/here", O_RDONLY));
  say_text("cwd/../here", openat(proc, "cwd/../here", O_RDONLY));
  char text[16] = "";
  int maps = MUST(openat(proc, "maps", O_RDONLY));
  say("maps: %d", read(maps, text, sizeof text) == sizeof text);
  say("fd folder: %d", openat(proc, "fd", O_RDONLY | O_DIRECTORY) >= 0);
  return 0;
}

CASE(proc_from_before) { say_status("child", run_child(keep_proc, NULL)); }

static void copy_file(const char* from, const char* to) {
  char part[8192];
  int source = MUST(open(from, O_RDONLY | O_CLOEXEC));
  int target = MUST(open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755));
  for (ssize_t size; (size = read(source, part, sizeof part)) > 0;) CHECK_EQ(write(target, part, size), size);
  close(source);
  close(target);
}

static void copy_into_jail(const char* path) {
  char target[PATH_MAX + 8];
  snprintf(target, sizeof target, "jail%s", path);
  for (char* slash = strchr(target + 5, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = 0;
    make_folder(target);
    *slash = '/';
  }
  if (access(target, F_OK) != 0) copy_file(path, target);
}

// The program's loader, by the name it asks for, and its libraries.
static void copy_libraries(void) {
  char line[PATH_MAX + 128];
  FILE* maps = fopen("/proc/self/maps", "r");
  while (fgets(line, sizeof line, maps)) {
    char* path = strchr(line, '/');
    if (!path) continue;
    path[strcspn(path, "\n")] = 0;
    if (strstr(path, ".so")) copy_into_jail(path);
  }
  fclose(maps);
  Elf64_Ehdr header;
  int fd = MUST(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  CHECK_EQ(read(fd, &header, sizeof header), sizeof header);
  for (int i = 0; i < header.e_phnum; i++) {
    Elf64_Phdr part;
    CHECK_EQ(pread(fd, &part, sizeof part, header.e_phoff + i * sizeof part), sizeof part);
    if (part.p_type != PT_INTERP || part.p_filesz > PATH_MAX) continue;
    CHECK_EQ(pread(fd, line, part.p_filesz, part.p_offset), part.p_filesz);
    copy_into_jail(line);
  }
  close(fd);
}

HELPER(inside) {
  say("started as %s with %s", argv[0], argc > 2 ? argv[2] : "nothing");
  say_text("/here", open("/here", O_RDONLY));
  char place[64] = "";
  say("getcwd: %s", getcwd(place, sizeof place));
  if (argc <= 2) return;
  int round = atoi(argv[2]);
  if (round == 0) return;
  snprintf(place, sizeof place, "%d", round - 1);
  char* arguments[] = {(char*)"again", (char*)"inside", place, NULL};
  pid_t pid = MUST(fork());
  if (pid == 0) {
    execv("/program", arguments);
    say("execv: errno %d", errno);
    _exit(1);
  }
  say_status("started again", wait_for(pid));
}

HELPER(script) { say("script: %s %s", argv[2], argc > 3 ? argv[3] : ""); }

static void prepare_programs(void) {
  MUST(make_folder("jail"));
  copy_file(own_path(), "jail/program");
  copy_libraries();
  write_text("jail/script", "#!/program script\n");
  MUST(chmod("jail/script", 0755));
  write_text("jail/here", "in the jail");
  if (chroot("jail") != 0) {
    say("chroot: errno %d", errno);
    _exit(0);
  }
  MUST(chdir("/"));
}

static int start_programs(void* unused) {
  (void)unused;
  prepare_programs();
  char* arguments[] = {(char*)"program", (char*)"inside", (char*)"2", NULL};
  execv("/program", arguments);
  return errno;
}

CASE(programs) { say_status("child", run_child(start_programs, NULL)); }

static int start_script(void* unused) {
  (void)unused;
  prepare_programs();
  char* arguments[] = {(char*)"x", (char*)"argument", NULL};
  execv("/script", arguments);
  return errno;
}

CASE(script_inside) { say_status("child", run_child(start_script, NULL)); }

static int start_missing(void* unused) {
  (void)unused;
  char outside[PATH_MAX];
  snprintf(outside, sizeof outside, "%s", own_path());
  enter_jail();
  char* arguments[] = {(char*)"x", (char*)"inside", NULL};
  CHECK_ERR(execv(outside, arguments), ENOENT);
  CHECK_ERR(execv("/program", arguments), ENOENT);
  return 0;
}

CASE(no_program) { say_status("child", run_child(start_missing, NULL)); }

// A file of the old root by its descriptor.
static int start_from_outside(void* unused) {
  (void)unused;
  int program = MUST(open(own_path(), O_RDONLY | O_CLOEXEC));
  prepare_programs();
  char* arguments[] = {(char*)"program", (char*)"inside", (char*)"1", NULL};
  char* environment[] = {NULL};
  syscall(SYS_execveat, program, "", arguments, environment, AT_EMPTY_PATH);
  return errno;
}

CASE(program_from_outside) { say_status("child", run_child(start_from_outside, NULL)); }
