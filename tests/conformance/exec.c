// The exec family: arguments, which files run, which errors reach the caller.
#include "tests/conformance/case.h"

#include <elf.h>

static int execveat_call(int fd, const char* path, char* const* arguments, char* const* environment, int flags) {
  return (int)syscall(SYS_execveat, fd, path, arguments, environment, flags);
}

HELPER(show) {
  for (int i = 0; i < argc; i++) say("argument %s", strchr(argv[i], '/') ? strrchr(argv[i], '/') : argv[i]);
}

HELPER(show_environment) {
  extern char** environ;
  for (char** entry = environ; *entry; entry++) say("%s", *entry);
}

HELPER(leave) { exit(atoi(argv[2])); }

static char* with_name[] = {(char*)"name", (char*)"show", (char*)"one", (char*)"two words", NULL};
static char* no_environment[] = {NULL};

CASE(arguments) {
  execv(own_path(), with_name);
  say("CHECK failed: errno %d", errno);
}

CASE(environment) {
  char* arguments[] = {(char*)"x", (char*)"show_environment", NULL};
  char* variables[] = {(char*)"B=2", (char*)"A=1", (char*)"ODD", (char*)"EMPTY=", NULL};
  execve(own_path(), arguments, variables);
}

CASE(no_environment) {
  char* arguments[] = {(char*)"x", (char*)"show_environment", NULL};
  execve(own_path(), arguments, no_environment);
}

CASE(null_environment) {
  char* arguments[] = {(char*)"x", (char*)"show_environment", NULL};
  syscall(SYS_execve, own_path(), arguments, NULL);
}

HELPER(count) {
  long size = 0;
  for (int i = 2; i < argc; i++) size += strlen(argv[i]);
  say("%d arguments, %ld bytes", argc, size);
}

CASE(many_arguments) {
  static char* arguments[10003] = {(char*)"x", (char*)"count"};
  for (int i = 2; i < 10002; i++) arguments[i] = (char*)"abcdefghijklmnopqrstuvwxyz";
  execv(own_path(), arguments);
  say("CHECK failed: errno %d", errno);
}

CASE(long_argument) {
  char* text = (char*)malloc(131072);
  char* arguments[] = {(char*)"x", (char*)"count", text, NULL};
  memset(text, 'a', 131071);
  text[131071] = 0;
  text[131072 - 1] = 0;
  execv(own_path(), arguments);
  say("CHECK failed: errno %d", errno);
}

CASE(too_much) {
  char* text = (char*)malloc(200000);
  char* arguments[] = {(char*)"x", (char*)"count", text, NULL};
  memset(text, 'a', 199999);
  text[199999] = 0;
  CHECK_ERR(execv(own_path(), arguments), E2BIG);
  text[100000] = 0;
  static char* many[100];
  for (int i = 0; i < 99; i++) many[i] = text;
  CHECK_ERR(execv(own_path(), many), E2BIG);
  say("E2BIG");
}

CASE(file_errors) {
  char* arguments[] = {(char*)"x", NULL};
  char* long_name = (char*)malloc(5001);
  memset(long_name, 'a', 5000);
  long_name[5000] = 0;
  close(make_file("text", "just text", 9, 0700));
  close(make_file("empty", "", 0, 0700));
  close(make_file("plain", "#!/bin/sh\n", 10, 0600));
  close(make_file("elf", "\177ELF\2\1\1garbage that is too short", 33, 0700));
  MUST(symlink("loop", "loop"));
  MUST(mkdir("folder", 0700));
  CHECK_ERR(execv("missing", arguments), ENOENT);
  CHECK_ERR(execv("", arguments), ENOENT);
  CHECK_ERR(execv("text", arguments), ENOEXEC);
  CHECK_ERR(execv("empty", arguments), ENOEXEC);
  CHECK_ERR(execv("elf", arguments), ENOEXEC);
  CHECK_ERR(execv("plain", arguments), EACCES);
  CHECK_ERR(execv("folder", arguments), EACCES);
  CHECK_ERR(execv("text/x", arguments), ENOTDIR);
  CHECK_ERR(execv("loop", arguments), ELOOP);
  CHECK_ERR(execv(long_name, arguments), ENAMETOOLONG);
  CHECK_ERR(syscall(SYS_execve, 16, arguments, NULL), EFAULT);
  CHECK_ERR(syscall(SYS_execve, own_path(), 16, NULL), EFAULT);
  CHECK_ERR(execv("/dev/null", arguments), EACCES);
  say("still here");
}

static void copy_program(const char* name) {
  int from = MUST(open(own_path(), O_RDONLY)), to = MUST(open(name, O_WRONLY | O_CREAT | O_TRUNC, 0700));
  char* buffer = (char*)malloc(1 << 20);
  for (ssize_t size; (size = read(from, buffer, 1 << 20)) > 0;) {
    if (write(to, buffer, size) != size) abort();
  }
  close(from);
  close(to);
}

CASE(busy_file) {
  copy_program("busy");
  int fd = MUST(open("busy", O_WRONLY));
  CHECK_ERR(execv("busy", with_name), ETXTBSY);
  close(fd);
  execv("busy", with_name);
}

CASE(foreign_machine) {
  copy_program("foreign");
  int fd = MUST(open("foreign", O_WRONLY));
  MUST(pwrite(fd, "\xb7\0", 2, 18));  // e_machine: AArch64
  close(fd);
  CHECK_ERR(execv("foreign", with_name), ENOEXEC);
  say("ENOEXEC");
}

// Only dynamic programs name an interpreter (PT_INTERP); the others just run.
CASE(interpreter_of_elf_is_missing) {
  copy_program("copy");
  int fd = MUST(open("copy", O_RDWR | O_CLOEXEC));
  Elf64_Ehdr header;
  Elf64_Phdr program;
  MUST(pread(fd, &header, sizeof header, 0));
  int dynamic = 0;
  for (int i = 0; i < header.e_phnum; i++) {
    MUST(pread(fd, &program, sizeof program, header.e_phoff + i * sizeof program));
    if (program.p_type != PT_INTERP) continue;
    MUST(pwrite(fd, "X", 1, program.p_offset + 5));
    dynamic = 1;
  }
  close(fd);
  pid_t pid = MUST(fork());
  if (pid == 0) {
    close(1);
    execv("./copy", with_name);
    _exit(errno);
  }
  int status = wait_for(pid);
  say("as expected %d", dynamic ? WEXITSTATUS(status) == ENOENT : WIFSIGNALED(status));
}

static void script(const char* name, const char* text) { close(make_file(name, text, strlen(text), 0700)); }

CASE(script) {
  char* arguments[] = {(char*)"ignored", (char*)"one", (char*)"two", NULL};
  script("script", "#!/bin/sh\necho \"$0 $1 $2 $#\"\nexit 4\n");
  execv("./script", arguments);
}

CASE(script_with_one_argument) {
  char text[300];
  char* arguments[] = {(char*)"ignored", (char*)"tail", NULL};
  MUST(symlink(own_path(), "program"));
  snprintf(text, sizeof text, "#! program \t show two words \t\n");
  script("script", text);
  pid_t pid = MUST(fork());
  if (pid == 0) {
    execv("./script", arguments);
    _exit(errno);
  }
  // One argument with inner blanks: no case has that name.
  say_status("one argument", wait_for(pid));
  script("script", "#!program show\n");
  execv("./script", arguments);
}

CASE(script_without_newline) {
  script("script", "#!/bin/true");
  char* arguments[] = {(char*)"x", NULL};
  execv("./script", arguments);
}

CASE(script_errors) {
  char* arguments[] = {(char*)"x", NULL};
  char text[400];
  script("missing", "#!/nonexistent/interpreter\n");
  CHECK_ERR(execv("./missing", arguments), ENOENT);
  script("folder", "#!/tmp\n");
  CHECK_ERR(execv("./folder", arguments), EACCES);
  script("none", "#!   \n");
  CHECK_ERR(execv("./none", arguments), ENOEXEC);
  script("self", "#!./self\n");
  CHECK_ERR(execv("./self", arguments), ELOOP);
  memset(text, 'a', sizeof text);
  memcpy(text, "#!/", 3);
  text[399] = 0;
  script("long", text);
  CHECK_ERR(execv("./long", arguments), ENOEXEC);
  say("refused");
}

CASE(script_of_a_script) {
  char* arguments[] = {(char*)"x", (char*)"last", NULL};
  MUST(symlink(own_path(), "program"));
  script("s1", "#!program show\n");
  script("s2", "#!./s1 2\n");
  script("s3", "#!./s2 3\n");
  script("s4", "#!./s3 4\n");
  script("s5", "#!./s4 5\n");
  script("s6", "#!./s5 6\n");
  CHECK_ERR(execv("./s6", arguments), ELOOP);
  execv("./s4", arguments);
  say("errno %d", errno);
}

CASE(execvp_runs_text_by_sh) {
  char* arguments[] = {(char*)"text", (char*)"word", NULL};
  script("text", "echo text with $1\n");
  setenv("PATH", ".", 1);
  execvp("text", arguments);
  say("errno %d", errno);  // musl's execvp does not
}

CASE(execvp_searches) {
  char* arguments[] = {(char*)"sh", (char*)"-c", (char*)"echo found", NULL};
  setenv("PATH", "/nonexistent:/:/bin", 1);
  execvp("sh", arguments);
}

CASE(execveat_with_a_folder) {
  MUST(mkdir("folder", 0700));
  copy_program("folder/copy");
  int fd = MUST(open("folder", O_PATH | O_DIRECTORY | O_CLOEXEC));
  execveat_call(fd, "copy", with_name, no_environment, 0);
  say("errno %d", errno);
}

CASE(execveat_empty_path) {
  int fd = MUST(open(own_path(), O_PATH | O_CLOEXEC));
  execveat_call(fd, "", with_name, no_environment, 0x1000);
  say("errno %d", errno);
}

CASE(execveat_errors) {
  MUST(symlink(own_path(), "link"));
  CHECK_ERR(execveat_call(AT_FDCWD, "link", with_name, no_environment, AT_SYMLINK_NOFOLLOW), ELOOP);
  CHECK_ERR(execveat_call(AT_FDCWD, "", with_name, no_environment, 0), ENOENT);
  CHECK_ERR(execveat_call(77, "x", with_name, no_environment, 0), EBADF);
  CHECK_ERR(execveat_call(0, "x", with_name, no_environment, 0), ENOTDIR);
  CHECK_ERR(execveat_call(AT_FDCWD, own_path(), with_name, no_environment, 0x4), EINVAL);
  CHECK_ERR(execveat_call(AT_FDCWD, "", with_name, no_environment, AT_EMPTY_PATH), EACCES);
  say("refused");
}

CASE(fexecve_of_a_script) {
  script("script", "#!/bin/sh\necho from a script; exit 2\n");
  int closing = MUST(open("script", O_RDONLY | O_CLOEXEC)), staying = MUST(open("script", O_RDONLY));
  CHECK_ERR(execveat_call(closing, "", with_name, no_environment, AT_EMPTY_PATH), ENOENT);
  execveat_call(staying, "", with_name, no_environment, AT_EMPTY_PATH);
  say("errno %d", errno);
}

CASE(program_in_a_memfd) {
  int from = MUST(open(own_path(), O_RDONLY)), to = MUST(memfd_create("program", MFD_CLOEXEC));
  char* buffer = (char*)malloc(1 << 20);
  for (ssize_t size; (size = read(from, buffer, 1 << 20)) > 0;) {
    if (write(to, buffer, size) != size) abort();
  }
  fexecve(to, with_name, no_environment);
  say("errno %d", errno);
}

CASE(deleted_program) {
  copy_program("copy");
  int fd = MUST(open("copy", O_RDONLY | O_CLOEXEC));
  MUST(unlink("copy"));
  fexecve(fd, with_name, no_environment);
  say("errno %d", errno);
}

CASE(proc_self_exe) {
  execv("/proc/self/exe", with_name);
  say("errno %d", errno);
}

CASE(another_kind_of_program) { execl("/bin/sh", "sh", "-c", "echo $((6*7)); exit 11", NULL); }

CASE(empty_arguments) {
  char* none[] = {NULL};
  pid_t pid = MUST(fork());
  if (pid == 0) {
    execv("/bin/true", none);
    _exit(errno);
  }
  say_status("no argv[0]", wait_for(pid));
}
