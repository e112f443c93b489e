#include "krun/container/channel.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstdlib>

#include "base/text.h"

namespace kontain::krun::container {

Result<std::pair<Channel, Channel>> Channel::make_pair() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return fail_errno("socketpair", "", errno);
  return std::pair(Channel(UniqueFd(ends[0])), Channel(UniqueFd(ends[1])));
}

Result<void> Channel::send(Message message, const std::string& text) const {
  const std::string packet = static_cast<char>(message) + text;
  if (::send(fd_.get(), packet.data(), packet.size(), MSG_NOSIGNAL) < 0) return fail_errno("setup", "", errno);
  return {};
}

Result<void> Channel::send_failure(const Error& error) const {
  const auto whole = [](std::string text) {
    for (char& c : text) c = c == '\0' ? '?' : c;
    return text.substr(0, 16 << 10);
  };
  return send(Message::Failed, whole(error.what) + '\0' + whole(error.detail) + '\0' + whole(error.reason) + '\0' +
                                   std::to_string(error.errno_value));
}

Result<std::string> Channel::expect(Message message) const {
  std::string packet(64 << 10, '\0');
  ssize_t size = 0;
  do {
    size = recv(fd_.get(), packet.data(), packet.size(), 0);
  } while (size < 0 && errno == EINTR);
  if (size < 0) return fail_errno("setup", "", errno);
  if (size == 0) return fail("the container's process ended before it was set up", "", "");
  packet.resize(static_cast<size_t>(size));
  const auto kind = static_cast<Message>(packet[0]);
  packet.erase(0, 1);
  if (kind == message) return packet;
  std::vector<std::string> parts = split(packet, '\0');
  if (kind != Message::Failed || parts.size() != 4) return fail("setup", "", "an unexpected message");
  return tl::make_unexpected(Error{parts[0], parts[1], parts[2], std::atoi(parts[3].c_str())});
}

}  // namespace kontain::krun::container
