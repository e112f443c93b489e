#include "km/sys/socket_message.h"

#include <limits.h>

#include <algorithm>
#include <cstring>
#include <span>

#include "km/sys/forward.h"

namespace kontain::sys {
namespace {

constexpr size_t kControlLimit = 128 << 10;  // net.core.optmem_max's default since Linux 6.9
constexpr size_t kControlRoom = 16 << 10;    // more than the kernel ever reports about one message

uint64_t address_of(const void* pointer) { return reinterpret_cast<uint64_t>(pointer); }

GuestResult<std::vector<iovec>> load_vector(const msghdr& header) {
  if (header.msg_iovlen > IOV_MAX) return tl::make_unexpected(Errno{EMSGSIZE});
  return mem::load_iovecs(GuestPtr<const iovec>(address_of(header.msg_iov)), header.msg_iovlen);
}

// Where one control message stands in a buffer.
struct ControlMessage {
  size_t offset;     // of its data
  size_t data_size;  // bytes
  bool is_rights;
};

// The control messages of `buffer`, which stops at the first malformed one, as the kernel does.
std::vector<ControlMessage> control_messages(std::span<const char> buffer) {
  std::vector<ControlMessage> found;
  size_t position = 0;
  while (buffer.size() - position >= sizeof(cmsghdr)) {
    cmsghdr header;
    std::memcpy(&header, buffer.data() + position, sizeof header);
    if (header.cmsg_len < sizeof header || header.cmsg_len > buffer.size() - position) break;
    const bool is_rights = header.cmsg_level == SOL_SOCKET && header.cmsg_type == SCM_RIGHTS;
    found.push_back({position + sizeof header, header.cmsg_len - sizeof header, is_rights});
    position += std::min(CMSG_ALIGN(header.cmsg_len), buffer.size() - position);
  }
  return found;
}

std::vector<int> descriptors_of(std::span<const char> buffer, const ControlMessage& message) {
  std::vector<int> numbers(message.data_size / sizeof(int));
  if (!numbers.empty()) std::memcpy(numbers.data(), buffer.data() + message.offset, numbers.size() * sizeof(int));
  return numbers;
}

constexpr size_t kMostDescriptors = 253;  // of one message: SCM_MAX_FD

// Descriptors that are sent are the payload's, and stay what they are until they have been sent: their numbers in
// `control` become those of `pinned`.
Errno pin_sent_descriptors(Task& task, std::span<char> control, std::vector<PinnedFd>& pinned) {
  for (const ControlMessage& message : control_messages(control)) {
    if (!message.is_rights) continue;
    auto numbers = descriptors_of(control, message);
    if (numbers.size() + pinned.size() > kMostDescriptors) return Errno{EINVAL};
    for (int& number : numbers) {
      auto file = PinnedFd::pin(task, number);
      if (!file) return file.error();
      number = file->get();
      pinned.push_back(std::move(*file));
    }
    if (!numbers.empty()) std::memcpy(control.data() + message.offset, numbers.data(), numbers.size() * sizeof(int));
  }
  return Errno{0};
}

}  // namespace

GuestResult<SocketMessage> SocketMessage::load_outgoing(Task& task, GuestPtr<const msghdr> source) {
  SocketMessage message;
  const auto header = mem::load(source);
  if (!header) return tl::make_unexpected(header.error());
  message.guest_header_ = *header;
  if (header->msg_name != nullptr) {
    // The kernel cuts a longer name instead of refusing it.
    const int size = std::min(static_cast<int>(header->msg_namelen), static_cast<int>(sizeof(sockaddr_storage)));
    auto address = load_address(task, GuestPtr<const char>(address_of(header->msg_name)), size);
    if (!address) return tl::make_unexpected(address.error());
    message.address_ = *address;
  }
  auto vector = load_vector(*header);
  if (!vector) return tl::make_unexpected(vector.error());
  message.vector_ = std::move(*vector);
  if (header->msg_controllen > kControlLimit) return tl::make_unexpected(Errno{ENOBUFS});
  message.control_.resize(header->msg_controllen);
  if (!mem::copy_in(message.control_.data(), address_of(header->msg_control), message.control_.size())) {
    return tl::make_unexpected(Errno{EFAULT});
  }
  const Errno error = pin_sent_descriptors(task, message.control_, message.pinned_);
  if (error.value != 0) return tl::make_unexpected(error);
  return message;
}

GuestResult<SocketMessage> SocketMessage::load_incoming(GuestPtr<msghdr> source) {
  SocketMessage message;
  message.guest_ = source;
  const auto header = mem::load(source);
  if (!header) return tl::make_unexpected(header.error());
  message.guest_header_ = *header;
  if (header->msg_name != nullptr) {
    if (static_cast<int>(header->msg_namelen) < 0) return tl::make_unexpected(Errno{EINVAL});
    message.address_.size = sizeof message.address_.storage;
  }
  auto vector = load_vector(*header);
  if (!vector) return tl::make_unexpected(vector.error());
  message.vector_ = std::move(*vector);
  if (header->msg_control != nullptr) message.control_.resize(std::min(header->msg_controllen, kControlRoom));
  return message;
}

msghdr SocketMessage::header() {
  msghdr header{};
  if (guest_header_.msg_name != nullptr) {
    header.msg_name = &address_.storage;
    header.msg_namelen = static_cast<socklen_t>(address_.size);
  }
  header.msg_iov = vector_.data();
  header.msg_iovlen = vector_.size();
  header.msg_control = control_.empty() ? nullptr : control_.data();
  header.msg_controllen = control_.size();
  header.msg_flags = guest_header_.msg_flags;
  return header;
}

void SocketMessage::admit_descriptors(Task& task, size_t size) {
  const std::span<char> used(control_.data(), size);
  for (const ControlMessage& message : control_messages(used)) {
    if (!message.is_rights) continue;
    auto numbers = descriptors_of(used, message);
    for (int& number : numbers) {
      const bool is_allowed = classify_received_fd(task, number).value == 0;
      const SysResult moved = is_allowed ? hand_out_fd(task, SysResult::value(number)) : Errno{EACCES};
      if (!is_allowed) task.process().fds().discard(number);
      // What cannot be handed out is a number that is not open: the others of the message keep their places.
      number = moved.is_error() ? -1 : static_cast<int>(moved.raw());
    }
    if (!numbers.empty()) std::memcpy(control_.data() + message.offset, numbers.data(), numbers.size() * sizeof(int));
  }
}

Errno SocketMessage::finish_incoming(Task& task, const msghdr& received) {
  const size_t control_size = std::min(received.msg_controllen, control_.size());
  admit_descriptors(task, control_size);
  const GuestPtr<char> control(address_of(guest_header_.msg_control));
  if (!mem::copy_out(control.address(), control_.data(), control_size)) return Errno{EFAULT};
  if (guest_header_.msg_name != nullptr) {
    address_.size = static_cast<int>(received.msg_namelen);
    const GuestPtr<char> name(address_of(guest_header_.msg_name));
    if (!store_address(name, static_cast<int>(guest_header_.msg_namelen), address_)) return Errno{EFAULT};
  }
  // The kernel writes these three and leaves the rest of the header alone.
  const uint64_t base = guest_.address();
  const bool stored =
      mem::store(GuestPtr<socklen_t>(base + offsetof(msghdr, msg_namelen)),
                 guest_header_.msg_name != nullptr ? received.msg_namelen : guest_header_.msg_namelen) &&
      mem::store(GuestPtr<size_t>(base + offsetof(msghdr, msg_controllen)), control_size) &&
      mem::store(GuestPtr<int>(base + offsetof(msghdr, msg_flags)), received.msg_flags);
  return stored ? Errno{0} : Errno{EFAULT};
}

}  // namespace kontain::sys
