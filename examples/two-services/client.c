// Asks a web server for its first page and prints it: client.km NAME PORT.
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int connect_to(const char* name, const char* port) {
  struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found;
  const int error = getaddrinfo(name, port, &hints, &found);
  if (error != 0) {
    fprintf(stderr, "%s: %s\n", name, gai_strerror(error));
    return -1;
  }
  const int server = socket(AF_INET, SOCK_STREAM, 0);
  for (int attempt = 0; attempt < 50; ++attempt) {
    if (connect(server, found->ai_addr, found->ai_addrlen) == 0) return server;
    usleep(100000);
  }
  perror(name);
  return -1;
}

int main(int argc, char** argv) {
  static const char kRequest[] = "GET / HTTP/1.0\r\n\r\n";
  static char answer[65536];
  size_t size = 0;
  ssize_t part;
  const int server = argc == 3 ? connect_to(argv[1], argv[2]) : -1;
  if (server < 0 || write(server, kRequest, strlen(kRequest)) < 0) return 1;
  while (size + 1 < sizeof answer && (part = read(server, answer + size, sizeof answer - 1 - size)) > 0) {
    size += (size_t)part;
  }
  const char* body = strstr(answer, "\r\n\r\n");
  if (!body) return 1;
  fputs(body + 4, stdout);
  return 0;
}
