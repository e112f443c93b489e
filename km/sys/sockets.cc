#include "km/sys/sockets.h"

#include <limits.h>
#include <time.h>

#include <algorithm>
#include <array>

#include "km/sys/forward.h"
#include "km/sys/new_fds.h"
#include "km/sys/socket_address.h"
#include "km/sys/socket_message.h"

namespace kontain::sys {
namespace {

// `number`(fd, address, &size, rest...) for calls that report an address; both pointers or none.
template <class... Rest>
SysResult address_out_call(long number, PayloadFd fd, GuestPtr<char> out, GuestPtr<int> size, Rest... rest) {
  GUEST_TRY_ASSIGN(const int room, load_room(size));
  SocketAddress address;
  address.size = sizeof address.storage;
  const SysResult result = host(number, fd, &address.storage, &address.size, rest...);
  if (result.is_error()) return result;
  if (!store_address(out, room, address) || !mem::store(size, address.size)) return Errno{EFAULT};
  return result;
}

// Messages of sendmmsg and recvmmsg, at most as many as the kernel takes.
GuestResult<std::vector<SocketMessage>> load_messages(Task& task, GuestPtr<mmsghdr> source, unsigned count,
                                                      GuestResult<SocketMessage> (*load)(Task&, GuestPtr<msghdr>)) {
  std::vector<SocketMessage> messages;
  for (unsigned i = 0; i < std::min<unsigned>(count, IOV_MAX); ++i) {
    auto message = load(task, GuestPtr<msghdr>(source.element(i).address() + offsetof(mmsghdr, msg_hdr)));
    if (!message && messages.empty()) return tl::make_unexpected(message.error());
    // What was readable is sent or received; the payload meets the fault with its next call.
    if (!message) break;
    messages.push_back(std::move(*message));
  }
  return messages;
}

GuestResult<SocketMessage> load_one_outgoing(Task& task, GuestPtr<msghdr> source) {
  return SocketMessage::load_outgoing(task, source);
}

GuestResult<SocketMessage> load_one_incoming(Task&, GuestPtr<msghdr> source) {
  return SocketMessage::load_incoming(source);
}

std::vector<mmsghdr> host_headers(std::vector<SocketMessage>& messages) {
  std::vector<mmsghdr> headers;
  headers.reserve(messages.size());
  for (SocketMessage& message : messages) headers.push_back({message.header(), 0});
  return headers;
}

bool store_length(GuestPtr<mmsghdr> message, unsigned length) {
  return mem::store(GuestPtr<unsigned>(message.address() + offsetof(mmsghdr, msg_len)), length);
}

}  // namespace

SysResult sys_socket(Task& task, int domain, int type, int protocol) {
  return hand_out_fd(task, host(SYS_socket, domain, type, protocol));
}

SysResult sys_socketpair(Task& task, int domain, int type, int protocol, GuestPtr<int[2]> out) {
  FdPair numbers{};
  const SysResult made = host(SYS_socketpair, domain, type, protocol, numbers.data());
  return store_fd_pair(task, made, numbers, GuestPtr<FdPair>(out.address()));
}

SysResult sys_bind(Task& task, PayloadFd fd, GuestPtr<const char> address, int size) {
  GUEST_TRY_ASSIGN(const SocketAddress copy, load_address(task, address, size));
  return host(SYS_bind, fd, &copy.storage, copy.size);
}

SysResult sys_connect(Task& task, PayloadFd fd, GuestPtr<const char> address, int size) {
  GUEST_TRY_ASSIGN(const SocketAddress copy, load_address(task, address, size));
  return host(SYS_connect, fd, &copy.storage, copy.size);
}

SysResult sys_listen(Task&, PayloadFd fd, int backlog) { return host(SYS_listen, fd, backlog); }

SysResult sys_accept(Task& task, PayloadFd fd, GuestPtr<char> address, GuestPtr<int> size) {
  return sys_accept4(task, fd, address, size, 0);
}

SysResult sys_accept4(Task& task, PayloadFd fd, GuestPtr<char> address, GuestPtr<int> size, int flags) {
  if (address.is_null()) return hand_out_fd(task, host(SYS_accept4, fd, nullptr, nullptr, flags));
  GUEST_TRY_ASSIGN(const int room, load_room(size));
  SocketAddress peer;
  peer.size = sizeof peer.storage;
  const SysResult accepted = hand_out_fd(task, host(SYS_accept4, fd, &peer.storage, &peer.size, flags));
  if (accepted.is_error()) return accepted;
  if (store_address(address, room, peer) && mem::store(size, peer.size)) return accepted;
  close_payload_fd(task, static_cast<int>(accepted.raw()));
  return Errno{EFAULT};
}

SysResult sys_getsockname(Task&, PayloadFd fd, GuestPtr<char> address, GuestPtr<int> size) {
  return address_out_call(SYS_getsockname, fd, address, size);
}

SysResult sys_getpeername(Task&, PayloadFd fd, GuestPtr<char> address, GuestPtr<int> size) {
  return address_out_call(SYS_getpeername, fd, address, size);
}

SysResult sys_shutdown(Task&, PayloadFd fd, int how) { return host(SYS_shutdown, fd, how); }

SysResult sys_sendto(Task& task, PayloadFd fd, GuestPtr<const char> buffer, uint64_t size, int flags,
                     GuestPtr<const char> address, int address_size) {
  const HostBuffer data = host_buffer(buffer, size);
  if (address.is_null()) return host(SYS_sendto, fd, data, size, flags, nullptr, 0);
  GUEST_TRY_ASSIGN(const SocketAddress copy, load_address(task, address, address_size));
  return host(SYS_sendto, fd, data, size, flags, &copy.storage, copy.size);
}

SysResult sys_recvfrom(Task&, PayloadFd fd, GuestPtr<char> buffer, uint64_t size, int flags, GuestPtr<char> address,
                       GuestPtr<int> address_size) {
  const HostBuffer data = host_buffer(buffer, size);
  if (address.is_null()) return host(SYS_recvfrom, fd, data, size, flags, nullptr, nullptr);
  GUEST_TRY_ASSIGN(const int room, load_room(address_size));
  SocketAddress peer;
  peer.size = sizeof peer.storage;
  const SysResult received = host(SYS_recvfrom, fd, data, size, flags, &peer.storage, &peer.size);
  if (received.is_error()) return received;
  if (!store_address(address, room, peer) || !mem::store(address_size, peer.size)) return Errno{EFAULT};
  return received;
}

SysResult sys_sendmsg(Task& task, PayloadFd fd, GuestPtr<const msghdr> message, int flags) {
  GUEST_TRY_ASSIGN(SocketMessage copy, SocketMessage::load_outgoing(task, message));
  const msghdr header = copy.header();
  return host(SYS_sendmsg, fd, &header, flags);
}

SysResult sys_recvmsg(Task& task, PayloadFd fd, GuestPtr<msghdr> message, int flags) {
  GUEST_TRY_ASSIGN(SocketMessage copy, SocketMessage::load_incoming(message));
  msghdr header = copy.header();
  const SysResult received = host(SYS_recvmsg, fd, &header, flags);
  if (received.is_error()) return received;
  const Errno error = copy.finish_incoming(task, header);
  return error.value == 0 ? received : SysResult(error);
}

SysResult sys_sendmmsg(Task& task, PayloadFd fd, GuestPtr<mmsghdr> messages, unsigned count, int flags) {
  GUEST_TRY_ASSIGN(auto copies, load_messages(task, messages, count, load_one_outgoing));
  std::vector<mmsghdr> headers = host_headers(copies);
  const SysResult sent = host(SYS_sendmmsg, fd, headers.data(), headers.size(), flags);
  for (int64_t i = 0; i < sent.raw(); ++i) {
    const auto index = static_cast<size_t>(i);
    if (!store_length(messages.element(index), headers[index].msg_len))
      return i > 0 ? SysResult::value(i) : Errno{EFAULT};
  }
  return sent;
}

SysResult sys_recvmmsg(Task& task, PayloadFd fd, GuestPtr<mmsghdr> messages, unsigned count, int flags,
                       GuestPtr<timespec> timeout) {
  GUEST_TRY_ASSIGN(std::optional<timespec> time, load_optional(timeout));
  GUEST_TRY_ASSIGN(auto copies, load_messages(task, messages, count, load_one_incoming));
  std::vector<mmsghdr> headers = host_headers(copies);
  const SysResult received = host(SYS_recvmmsg, fd, headers.data(), headers.size(), flags, pointer_or_null(time));
  for (int64_t i = 0; i < received.raw(); ++i) {
    const auto index = static_cast<size_t>(i);
    const Errno error = copies[index].finish_incoming(task, headers[index].msg_hdr);
    if (error.value != 0 || !store_length(messages.element(index), headers[index].msg_len)) {
      return i > 0 ? SysResult::value(i) : Errno{EFAULT};
    }
  }
  return finish_optional(received, timeout, time.value_or(timespec{}));
}

}  // namespace kontain::sys
