#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstring>
#include <string>

#include "km/sys/socket_options.h"
#include "tests/unit/sys/guest.h"

namespace kontain::test {
namespace {

struct Pair {
  explicit Pair(Guest& guest, int type = SOCK_DGRAM) {
    ends = guest.make<std::array<int, 2>>();
    guest.call("socketpair", AF_UNIX, type, 0, ends);
  }
  ~Pair() {
    close(left());
    close(right());
  }
  int left() const { return (*ends)[0]; }
  int right() const { return (*ends)[1]; }
  std::array<int, 2>* ends;
};

// A message with one descriptor in its control part.
struct RightsMessage {
  RightsMessage(Guest& guest, int number) {
    control = static_cast<char*>(guest.allocate(256));
    const cmsghdr header = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
    std::memcpy(control, &header, sizeof header);
    std::memcpy(control + CMSG_LEN(0), &number, sizeof number);
    text = static_cast<char*>(guest.allocate(16));
    vector = guest.make<iovec>({text, 4});
    header_ = guest.make<msghdr>();
    header_->msg_iov = vector;
    header_->msg_iovlen = 1;
    header_->msg_control = control;
    header_->msg_controllen = CMSG_SPACE(sizeof(int));
  }
  int number() const {
    int value;
    std::memcpy(&value, control + CMSG_LEN(0), sizeof value);
    return value;
  }
  char* control;
  char* text;
  iovec* vector;
  msghdr* header_;
};

TEST_CASE("a descriptor passes through a message, unless it is the monitor's") {
  Guest guest;
  const Pair pair(guest);
  const RightsMessage bad(guest, guest.monitor_fd());
  CHECK(guest.call("sendmsg", pair.left(), bad.header_, 0) == -EBADF);

  const RightsMessage out(guest, 0);
  std::memcpy(out.text, "data", 4);
  CHECK(guest.call("sendmsg", pair.left(), out.header_, 0) == 4);
  RightsMessage in(guest, -1);
  in.header_->msg_controllen = 256;
  CHECK(guest.call("recvmsg", pair.right(), in.header_, MSG_CMSG_CLOEXEC) == 4);
  CHECK(std::string(in.text, 4) == "data");
  CHECK(in.header_->msg_controllen == CMSG_SPACE(sizeof(int)));
  REQUIRE(in.number() > 2);
  CHECK(fcntl(in.number(), F_GETFD) == FD_CLOEXEC);
  close(in.number());
}

TEST_CASE("a passed descriptor of a forbidden device does not arrive") {
  Guest guest;
  const UniqueFd device(open("/dev/kvm", O_RDWR | O_CLOEXEC));
  if (!device) {
    WARN("no /dev/kvm here: nothing to pass");
    return;
  }
  const Pair pair(guest);
  const RightsMessage out(guest, device.get());
  REQUIRE(guest.call("sendmsg", pair.left(), out.header_, 0) == 4);
  RightsMessage in(guest, 0);
  in.header_->msg_controllen = 256;
  CHECK(guest.call("recvmsg", pair.right(), in.header_, 0) == 4);
  CHECK(in.number() == -1);
}

TEST_CASE("malformed control messages hide no descriptor") {
  Guest guest;
  const Pair pair(guest);
  // A first message of an odd length, then the monitor's descriptor.
  const RightsMessage out(guest, 0);
  const cmsghdr first = {CMSG_LEN(1), SOL_SOCKET, SCM_RIGHTS};
  std::memcpy(out.control, &first, sizeof first);
  const cmsghdr second = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
  const int number = guest.monitor_fd();
  std::memcpy(out.control + CMSG_SPACE(1), &second, sizeof second);
  std::memcpy(out.control + CMSG_SPACE(1) + CMSG_LEN(0), &number, sizeof number);
  out.header_->msg_controllen = CMSG_SPACE(1) + CMSG_SPACE(sizeof(int));
  CHECK(guest.call("sendmsg", pair.left(), out.header_, 0) == -EBADF);
  // Lengths that do not fit are the kernel's to refuse.
  const cmsghdr huge = {~size_t{0}, SOL_SOCKET, SCM_RIGHTS};
  std::memcpy(out.control, &huge, sizeof huge);
  CHECK(guest.call("sendmsg", pair.left(), out.header_, 0) == -EINVAL);
  out.header_->msg_controllen = size_t{1} << 40;
  CHECK(guest.call("sendmsg", pair.left(), out.header_, 0) == -ENOBUFS);
  out.header_->msg_controllen = 0;
  out.header_->msg_iovlen = 1025;
  CHECK(guest.call("sendmsg", pair.left(), out.header_, 0) == -EMSGSIZE);
}

TEST_CASE("pointers inside a message header are checked") {
  Guest guest;
  const Pair pair(guest);
  const RightsMessage good(guest, 0);
  const msghdr original = *good.header_;
  good.header_->msg_iov = static_cast<iovec*>(monitor_address());
  CHECK(guest.call("sendmsg", pair.left(), good.header_, 0) == -EFAULT);
  *good.header_ = original;
  good.header_->msg_control = monitor_address();
  CHECK(guest.call("sendmsg", pair.left(), good.header_, 0) == -EFAULT);
  *good.header_ = original;
  good.header_->msg_name = monitor_address();
  good.header_->msg_namelen = 16;
  CHECK(guest.call("sendmsg", pair.left(), good.header_, 0) == -EFAULT);
  *good.header_ = original;
  good.vector->iov_base = monitor_address();
  CHECK(guest.call("sendmsg", pair.left(), good.header_, 0) == -EFAULT);
  CHECK(guest.call("recvmsg", pair.right(), good.header_, MSG_DONTWAIT) == -EFAULT);
}

TEST_CASE("several messages at once") {
  Guest guest;
  const Pair pair(guest);
  auto* out = guest.make<std::array<mmsghdr, 2>>();
  auto* in = guest.make<std::array<mmsghdr, 3>>();
  auto* buffers = guest.make<std::array<std::array<char, 8>, 3>>();
  for (size_t i = 0; i < out->size(); ++i) {
    (*out)[i].msg_hdr.msg_iov = guest.make<iovec>({const_cast<char*>(guest.text("ab")), i + 1});
    (*out)[i].msg_hdr.msg_iovlen = 1;
  }
  for (size_t i = 0; i < in->size(); ++i) {
    (*in)[i].msg_hdr.msg_iov = guest.make<iovec>({(*buffers)[i].data(), 8});
    (*in)[i].msg_hdr.msg_iovlen = 1;
  }
  CHECK(guest.call("sendmmsg", pair.left(), out, 2, 0) == 2);
  CHECK((*out)[1].msg_len == 2);
  auto* timeout = guest.make<timespec>({1, 0});
  CHECK(guest.call("recvmmsg", pair.right(), in, 3, MSG_DONTWAIT, timeout) == 2);
  CHECK((*in)[0].msg_len == 1);
  CHECK((*in)[1].msg_len == 2);
  CHECK((*buffers)[1][1] == 'b');
  CHECK(guest.call("recvmmsg", pair.right(), in, 3, MSG_DONTWAIT, nullptr) == -EAGAIN);
}

TEST_CASE("a connection over a path, with addresses cut to the room there is") {
  Guest guest;
  const ScratchDirectory directory;
  auto* address = guest.make<sockaddr_un>();
  address->sun_family = AF_UNIX;
  const std::string path = directory / "socket";
  std::memcpy(address->sun_path, path.c_str(), path.size() + 1);
  const int64_t server = guest.call("socket", AF_UNIX, SOCK_STREAM, 0);
  const int64_t client = guest.call("socket", AF_UNIX, SOCK_STREAM, 0);
  REQUIRE(guest.call("bind", server, address, sizeof *address) == 0);
  CHECK(guest.call("bind", server, address, 129) == -EINVAL);
  CHECK(guest.call("bind", server, address, -1) == -EINVAL);
  REQUIRE(guest.call("listen", server, 4) == 0);
  REQUIRE(guest.call("connect", client, address, sizeof *address) == 0);
  auto* peer = static_cast<char*>(guest.allocate(256));
  auto* size = guest.make<int>(-1);
  CHECK(guest.call("accept", server, peer, size) == -EINVAL);
  *size = 128;
  const int64_t accepted = guest.call("accept4", server, peer, size, SOCK_CLOEXEC);
  REQUIRE(accepted >= 0);
  CHECK(*size == 2);
  *size = 6;
  std::fill(peer, peer + 256, '#');
  CHECK(guest.call("getsockname", server, peer, size) == 0);
  CHECK(*size == static_cast<int>(sizeof(sa_family_t) + path.size() + 1));
  CHECK(std::string(peer + 2, 5) == path.substr(0, 4) + "#");
  for (const int64_t fd : {server, client, accepted}) close(static_cast<int>(fd));
}

TEST_CASE("datagrams carry their sender") {
  Guest guest;
  const int64_t server = guest.call("socket", AF_INET, SOCK_DGRAM, 0);
  const int64_t client = guest.call("socket", AF_INET, SOCK_DGRAM, 0);
  auto* address = guest.make<sockaddr_in>();
  address->sin_family = AF_INET;
  address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(guest.call("bind", server, address, sizeof *address) == 0);
  auto* size = guest.make<int>(sizeof *address);
  REQUIRE(guest.call("getsockname", server, address, size) == 0);
  CHECK(guest.call("sendto", client, guest.text("hello"), 5, 0, address, sizeof *address) == 5);
  auto* buffer = static_cast<char*>(guest.allocate(16));
  auto* sender = guest.make<sockaddr_in>();
  CHECK(guest.call("recvfrom", server, buffer, 16, 0, sender, size) == 5);
  CHECK(sender->sin_family == AF_INET);
  CHECK(*size == sizeof *sender);
  CHECK(guest.call("recvfrom", server, buffer, 16, MSG_DONTWAIT, nullptr, nullptr) == -EAGAIN);
  close(static_cast<int>(server));
  close(static_cast<int>(client));
}

TEST_CASE("options are plain data or refused") {
  Guest guest;
  const Pair pair(guest, SOCK_STREAM);
  auto* value = guest.make<int>(8192);
  auto* size = guest.make<int>(4);
  CHECK(guest.call("setsockopt", pair.left(), SOL_SOCKET, SO_SNDBUF, value, 4) == 0);
  CHECK(guest.call("getsockopt", pair.left(), SOL_SOCKET, SO_SNDBUF, value, size) == 0);
  CHECK(*value == 16384);
  CHECK(*size == 4);
  CHECK(guest.call("getsockopt", pair.left(), SOL_SOCKET, SO_TYPE, value, size) == 0);
  CHECK(*value == SOCK_STREAM);
  *size = -1;
  CHECK(guest.call("getsockopt", pair.left(), SOL_SOCKET, SO_TYPE, value, size) == -EINVAL);
  auto* program = guest.allocate(16);
  CHECK(guest.call("setsockopt", pair.left(), SOL_SOCKET, SO_ATTACH_FILTER, program, 16) == -ENOPROTOOPT);
  CHECK(guest.call("setsockopt", pair.left(), IPPROTO_IP, 64 /* IPT_SO_SET_REPLACE */, program, 16) == -ENOPROTOOPT);
  CHECK(guest.call("setsockopt", pair.left(), 279 /* SOL_ALG */, 1, program, 16) == -ENOPROTOOPT);
  CHECK_FALSE(sys::is_plain_socket_option(IPPROTO_TCP, 35 /* TCP_ZEROCOPY_RECEIVE */));
  CHECK_FALSE(sys::is_plain_socket_option(SOL_SOCKET, 77 /* SO_PEERPIDFD */));
  CHECK(sys::is_plain_socket_option(IPPROTO_TCP, 1 /* TCP_NODELAY */));
  CHECK(sys::is_plain_socket_option(IPPROTO_IPV6, 26 /* IPV6_V6ONLY */));
}

}  // namespace
}  // namespace kontain::test
