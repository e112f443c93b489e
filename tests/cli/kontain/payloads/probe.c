// Does one thing that its first argument names, and shows what a container gave it.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <unistd.h>

extern char** environ;

static int print(char** words) {
  for (; *words; ++words) printf("%s|", *words);
  return puts("") < 0;
}

static int environment(void) {
  char folder[4096];
  struct utsname name;
  for (char** entry = environ; *entry; ++entry) puts(*entry);
  if (!getcwd(folder, sizeof folder) || uname(&name) != 0) return 1;
  printf("cwd=%s\nuid=%d\nrelease=%s\n", folder, (int)getuid(), strrchr(name.release, '.'));
  return 0;
}

static int copy(int from, int to) {
  char buffer[4096];
  ssize_t size;
  while ((size = read(from, buffer, sizeof buffer)) > 0) {
    if (write(to, buffer, (size_t)size) != size) return 1;
  }
  return size < 0;
}

static int write_to(const char* path) {
  const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  return file < 0 || write(file, "inside\n", 7) != 7;
}

static int fill(size_t megabytes) {
  for (size_t i = 0; i < megabytes; ++i) {
    volatile char* part = malloc(1 << 20);
    if (!part) return 1;
    for (size_t place = 0; place < 1 << 20; place += 4096) part[place] = 1;
  }
  return 0;
}

static int connect_to(const char* name, const char* port) {
  struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found;
  if (getaddrinfo(name, port, &hints, &found) != 0) return 1;
  int connection = socket(AF_INET, SOCK_STREAM, 0);
  struct timeval patience = {5, 0};  // for connect(2), too
  setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  return connect(connection, found->ai_addr, found->ai_addrlen) != 0;
}

static int show_terminal(void) {
  struct winsize size;
  if (!isatty(0) || !isatty(1) || ioctl(0, TIOCGWINSZ, &size) != 0) return 1;
  return printf("%s of %d rows, %d columns\n", ttyname(0), size.ws_row, size.ws_col) < 0;
}

static int show_address(const char* name) {
  struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found;
  if (getaddrinfo(name, NULL, &hints, &found) != 0) return 1;
  return puts(inet_ntoa(((struct sockaddr_in*)found->ai_addr)->sin_addr)) < 0;
}

int main(int argc, char** argv) {
  const char* what = argc > 1 ? argv[1] : "";
  const char* value = argc > 2 ? argv[2] : "";
  if (strcmp(what, "exit") == 0) return atoi(value);
  if (strcmp(what, "print") == 0) return print(argv + 2);
  if (strcmp(what, "environment") == 0) return environment();
  if (strcmp(what, "signal") == 0) return raise(atoi(value));
  if (strcmp(what, "copy") == 0) return copy(0, 1);
  if (strcmp(what, "read") == 0) return copy(open(value, O_RDONLY), 1);
  if (strcmp(what, "write") == 0) return write_to(value);
  if (strcmp(what, "fill") == 0) return fill((size_t)atoi(value));
  if (strcmp(what, "terminal") == 0) return show_terminal();
  if (strcmp(what, "address") == 0) return show_address(value);
  if (strcmp(what, "connect") == 0 && argc == 4) return connect_to(value, argv[3]);
  return 2;
}
