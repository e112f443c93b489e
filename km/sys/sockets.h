// Sockets: making and connecting them, addresses, sending and receiving.
//
// Addresses and message headers are copied in and out; payload bytes go to and from the host in place.
#pragma once

#include <sys/socket.h>

#include "km/sys/args.h"

namespace kontain::sys {

SysResult sys_socket(Task& task, int domain, int type, int protocol);
SysResult sys_socketpair(Task& task, int domain, int type, int protocol, GuestPtr<int[2]> out);
SysResult sys_bind(Task& task, PayloadFd fd, GuestPtr<const char> address, int size);
SysResult sys_connect(Task& task, PayloadFd fd, GuestPtr<const char> address, int size);
SysResult sys_listen(Task& task, PayloadFd fd, int backlog);
SysResult sys_accept(Task& task, PayloadFd fd, GuestPtr<char> address, GuestPtr<int> size);
SysResult sys_accept4(Task& task, PayloadFd fd, GuestPtr<char> address, GuestPtr<int> size, int flags);
SysResult sys_getsockname(Task& task, PayloadFd fd, GuestPtr<char> address, GuestPtr<int> size);
SysResult sys_getpeername(Task& task, PayloadFd fd, GuestPtr<char> address, GuestPtr<int> size);
SysResult sys_shutdown(Task& task, PayloadFd fd, int how);

SysResult sys_sendto(Task& task, PayloadFd fd, GuestPtr<const char> buffer, uint64_t size, int flags,
                     GuestPtr<const char> address, int address_size);
SysResult sys_recvfrom(Task& task, PayloadFd fd, GuestPtr<char> buffer, uint64_t size, int flags,
                       GuestPtr<char> address, GuestPtr<int> address_size);
// Descriptors in control messages (SCM_RIGHTS) are checked on their way out and on their way in.
SysResult sys_sendmsg(Task& task, PayloadFd fd, GuestPtr<const msghdr> message, int flags);
SysResult sys_recvmsg(Task& task, PayloadFd fd, GuestPtr<msghdr> message, int flags);
SysResult sys_sendmmsg(Task& task, PayloadFd fd, GuestPtr<mmsghdr> messages, unsigned count, int flags);
SysResult sys_recvmmsg(Task& task, PayloadFd fd, GuestPtr<mmsghdr> messages, unsigned count, int flags,
                       GuestPtr<timespec> timeout);

// Options of an allow-list by level: those whose value is plain data. Others are ENOPROTOOPT.
SysResult sys_setsockopt(Task& task, PayloadFd fd, int level, int option, GuestPtr<const char> value, int size);
SysResult sys_getsockopt(Task& task, PayloadFd fd, int level, int option, GuestPtr<char> value, GuestPtr<int> size);

}  // namespace kontain::sys
