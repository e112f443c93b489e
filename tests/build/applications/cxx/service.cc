// Answers every request with what it knows about itself, as JSON.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace {

std::string facts() {
  utsname names{};
  uname(&names);
  return nlohmann::json{{"kernel", names.release}, {"standard", __cplusplus}}.dump();
}

void answer(int connection) {
  char request[4096];
  if (read(connection, request, sizeof request) > 0) {
    const std::string body = facts();
    const std::string reply =
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    send(connection, reply.data(), reply.size(), MSG_NOSIGNAL);
  }
  close(connection);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "--check") return facts().find("kernel") == std::string::npos;
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(8080);
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(listener, 16) != 0) return 1;
  for (;;) answer(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
}
