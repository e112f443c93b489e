#include <arpa/inet.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>

#include "km/trace/flag_tables.h"
#include "km/trace/printers.h"

namespace kontain::trace::sockets {
namespace {

using abi::ArgKind;

// SAFETY: numbers of the payload's structures, not followed.
template <class T>
uint64_t number(T* pointer) {
  return reinterpret_cast<uint64_t>(pointer);
}

template <class T>
T head_of(const sockaddr_storage& storage) {
  T value;
  std::memcpy(&value, &storage, sizeof(value));
  return value;
}

std::string inet_address(const sockaddr_in& address) {
  char text[INET_ADDRSTRLEN] = "";
  inet_ntop(AF_INET, &address.sin_addr, text, sizeof(text));
  return "sin_port=htons(" + unsigned_decimal(ntohs(address.sin_port)) + "), sin_addr=inet_addr(\"" + text + "\")";
}

std::string inet6_address(const sockaddr_in6& address) {
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(AF_INET6, &address.sin6_addr, text, sizeof(text));
  return "sin6_port=htons(" + unsigned_decimal(ntohs(address.sin6_port)) + "), sin6_flowinfo=htonl(" +
         unsigned_decimal(ntohl(address.sin6_flowinfo)) + "), inet_pton(AF_INET6, \"" + text +
         "\", &sin6_addr), sin6_scope_id=" + unsigned_decimal(address.sin6_scope_id);
}

// A name that begins with NUL is abstract and shown with an @.
std::string unix_address(const sockaddr_un& address, size_t length) {
  const size_t size = std::min(length - sizeof(sa_family_t), sizeof(address.sun_path));
  if (address.sun_path[0] == '\0') return "sun_path=@" + quoted(std::string_view(address.sun_path, size).substr(1));
  return "sun_path=" + quoted(std::string_view(address.sun_path, strnlen(address.sun_path, size)));
}

std::string netlink_address(const sockaddr_nl& address) {
  char groups[16];
  std::snprintf(groups, sizeof(groups), "%08x", address.nl_groups);
  return "nl_pid=" + unsigned_decimal(address.nl_pid) + ", nl_groups=" + groups;
}

// The part behind sa_family, for addresses of the right length.
std::string family_part(const sockaddr_storage& storage, size_t length) {
  if (storage.ss_family == AF_INET && length >= sizeof(sockaddr_in)) return inet_address(head_of<sockaddr_in>(storage));
  if (storage.ss_family == AF_INET6 && length >= sizeof(sockaddr_in6)) {
    return inet6_address(head_of<sockaddr_in6>(storage));
  }
  if (storage.ss_family == AF_UNIX && length > sizeof(sa_family_t)) {
    return unix_address(head_of<sockaddr_un>(storage), length);
  }
  if (storage.ss_family == AF_NETLINK && length >= sizeof(sockaddr_nl)) {
    return netlink_address(head_of<sockaddr_nl>(storage));
  }
  if (length <= sizeof(sa_family_t)) return "";
  char bytes[sizeof(sockaddr_storage)];
  std::memcpy(bytes, &storage, sizeof(bytes));
  return "sa_data=" + quoted(std::string_view(bytes, length).substr(sizeof(sa_family_t)));
}

std::string address_at(const Call& call, uint64_t address, uint64_t length) {
  sockaddr_storage storage{};
  const size_t size = std::min<uint64_t>(length, sizeof(storage));
  if (address == 0 || size < sizeof(sa_family_t) || !call.memory.read(address, &storage, size)) return pointer(address);
  std::string out = "{sa_family=" + one_of(storage.ss_family, kDomains);
  if (const std::string rest = family_part(storage, size); !rest.empty()) out += ", " + rest;
  return out + "}";
}

void address_in(std::string& out, const Call& call, size_t index) {
  out += address_at(call, call.args[index], static_cast<uint32_t>(call.args[index + 1]));
}

// The length's address is the next argument; what fits is the smaller of what was offered and what there is.
void address_out(std::string& out, const Call& call, size_t index) {
  const uint64_t length_address = call.args[index + 1];
  if (!call.result) {
    call.noted[index] = load<uint32_t>(call, length_address).value_or(0);
    return;
  }
  const auto length = load<uint32_t>(call, length_address);
  if (call.failed() || !length) {
    out += pointer(call.args[index]);
  } else {
    out += address_at(call, call.args[index], std::min<uint64_t>(call.noted[index], *length));
  }
}

void length_in_out(std::string& out, const Call& call, size_t index) {
  const auto length = load<uint32_t>(call, call.args[index]);
  if (!call.result) {
    call.noted[index] = length.value_or(0);
    return;
  }
  if (!length) {
    out += pointer(call.args[index]);
    return;
  }
  out += "[" + unsigned_decimal(call.noted[index]);
  if (!call.failed() && *length != call.noted[index]) out += " => " + unsigned_decimal(*length);
  out += "]";
}

std::string describe_timeout(const timeval& value) {
  return "{tv_sec=" + decimal(value.tv_sec) + ", tv_usec=" + decimal(value.tv_usec) + "}";
}

std::string describe_linger(const linger& value) {
  return "{l_onoff=" + decimal(value.l_onoff) + ", l_linger=" + decimal(value.l_linger) + "}";
}

std::string option_at(const Call& call, uint64_t address, uint64_t length) {
  if (call.args[1] == SOL_SOCKET) {
    const bool is_timeout = call.args[2] == SO_RCVTIMEO || call.args[2] == SO_SNDTIMEO;
    if (is_timeout && length == sizeof(timeval)) return described<timeval>(call, address, describe_timeout);
    if (call.args[2] == SO_LINGER && length == sizeof(linger)) return described<linger>(call, address, describe_linger);
  }
  if (length != sizeof(int32_t)) return bytes_at(call, address, length);
  return described<int32_t>(call, address, [](int32_t value) { return "[" + decimal(value) + "]"; });
}

void option_in(std::string& out, const Call& call, size_t index) {
  out += option_at(call, call.args[index], static_cast<uint32_t>(call.args[index + 1]));
}

void option_out(std::string& out, const Call& call, size_t index) {
  const auto length = load<uint32_t>(call, call.args[index + 1]);
  out += call.failed() || !length ? pointer(call.args[index]) : option_at(call, call.args[index], *length);
}

std::string descriptors_at(const Call& call, uint64_t address, uint64_t size) {
  return array_at<int32_t>(call, address, size / sizeof(int32_t), [](int32_t fd) { return decimal(fd); });
}

// struct cmsghdr without its data.
struct ControlHeader {
  uint64_t cmsg_len;
  int32_t cmsg_level;
  int32_t cmsg_type;
};

std::string control_message(const Call& call, uint64_t address, const ControlHeader& header) {
  std::string out = "{cmsg_len=" + unsigned_decimal(header.cmsg_len) +
                    ", cmsg_level=" + one_of(static_cast<uint32_t>(header.cmsg_level), kSockLevels) + ", cmsg_type=";
  const auto type = static_cast<uint32_t>(header.cmsg_type);
  out += header.cmsg_level == SOL_SOCKET ? one_of(type, kScmTypes) : hex(type);
  const uint64_t data = address + sizeof(ControlHeader);
  const uint64_t size = header.cmsg_len - sizeof(ControlHeader);
  const bool passes_fds = header.cmsg_level == SOL_SOCKET && header.cmsg_type == SCM_RIGHTS;
  if (size > 0) out += ", cmsg_data=" + (passes_fds ? descriptors_at(call, data, size) : bytes_at(call, data, size));
  return out + "}";
}

std::string control_at(const Call& call, uint64_t address, uint64_t length) {
  std::string items;
  uint64_t at = 0;
  for (size_t shown = 0; shown < kShownElements && length - at >= sizeof(ControlHeader); ++shown) {
    const auto header = load<ControlHeader>(call, address + at);
    if (!header || header->cmsg_len < sizeof(ControlHeader) || header->cmsg_len > length - at) break;
    append_item(items, control_message(call, address + at, *header));
    const uint64_t aligned = (header->cmsg_len + 7) & ~uint64_t{7};
    if (aligned > length - at) break;
    at += aligned;
  }
  return items.empty() ? pointer(address) : "[" + items + "]";
}

// `name_length` is how much of the name is there, `data_limit` how much of the data.
std::string message(const Call& call, const msghdr& header, uint64_t name_length, uint64_t data_limit) {
  std::string out =
      "{msg_name=" + address_at(call, number(header.msg_name), std::min<uint64_t>(name_length, header.msg_namelen));
  out += ", msg_namelen=";
  if (name_length != header.msg_namelen) out += unsigned_decimal(name_length) + " => ";
  out += unsigned_decimal(header.msg_namelen);
  out += ", msg_iov=" + bytes::iovecs(call, number(header.msg_iov), header.msg_iovlen, data_limit);
  out += ", msg_iovlen=" + unsigned_decimal(header.msg_iovlen);
  if (header.msg_controllen != 0) {
    out += ", msg_control=" + control_at(call, number(header.msg_control), header.msg_controllen);
  }
  out += ", msg_controllen=" + unsigned_decimal(header.msg_controllen);
  return out + ", msg_flags=" + flags(static_cast<uint32_t>(header.msg_flags), kMsgFlags) + "}";
}

void message_in(std::string& out, const Call& call, size_t index) {
  out += described<msghdr>(call, call.args[index],
                           [&](const msghdr& header) { return message(call, header, header.msg_namelen, UINT64_MAX); });
}

void message_out(std::string& out, const Call& call, size_t index) {
  const auto header = load<msghdr>(call, call.args[index]);
  if (!call.result) {
    call.noted[index] = header ? header->msg_namelen : 0;
  } else if (!header) {
    out += pointer(call.args[index]);
  } else if (call.failed()) {
    out += "{msg_namelen=" + unsigned_decimal(header->msg_namelen) + "}";
  } else {
    out += message(call, *header, call.noted[index], static_cast<uint64_t>(*call.result));
  }
}

void messages_in(std::string& out, const Call& call, size_t index) {
  out += array_at<mmsghdr>(call, call.args[index], call.args[index + 1], [&](const mmsghdr& entry) {
    return "{msg_hdr=" + message(call, entry.msg_hdr, entry.msg_hdr.msg_namelen, UINT64_MAX) + "}";
  });
}

void messages_out(std::string& out, const Call& call, size_t index) {
  if (call.failed()) {
    out += pointer(call.args[index]);
    return;
  }
  const auto count = static_cast<uint64_t>(*call.result);
  out += array_at<mmsghdr>(call, call.args[index], count, [&](const mmsghdr& entry) {
    return "{msg_hdr=" + message(call, entry.msg_hdr, entry.msg_hdr.msg_namelen, entry.msg_len) +
           ", msg_len=" + unsigned_decimal(entry.msg_len) + "}";
  });
}

}  // namespace

PrintArg printer(ArgKind kind) {
  switch (kind) {
    case ArgKind::SockaddrIn: return address_in;
    case ArgKind::SockaddrOut: return address_out;
    case ArgKind::SocklenInOut: return length_in_out;
    case ArgKind::OptionIn: return option_in;
    case ArgKind::OptionOut: return option_out;
    case ArgKind::MsghdrIn: return message_in;
    case ArgKind::MsghdrOut: return message_out;
    case ArgKind::MmsghdrIn: return messages_in;
    case ArgKind::MmsghdrOut: return messages_out;
    default: return nullptr;
  }
}

}  // namespace kontain::trace::sockets
