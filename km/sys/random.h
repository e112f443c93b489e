// Random bytes for the payload: the host's, or those of a seed (km/repeat/random.h).
#pragma once

#include <sys/uio.h>

#include <optional>
#include <span>

#include "km/sys/forward.h"

namespace kontain::sys {

SysResult sys_getrandom(Task& task, GuestPtr<char> buffer, uint64_t size, unsigned flags);

// True where `fd` is /dev/random or /dev/urandom, by whatever name, and the process has a seed.
bool is_seeded_device(Task& task, PayloadFd fd);

// What reading the device gives then; `buffers` are ranges of guest memory, or of none.
SysResult read_seeded(Task& task, PayloadFd fd, std::span<const iovec> buffers);

// A version 4 UUID (RFC 9562) and a newline, as /proc/sys/kernel/random/uuid has it.
std::string seeded_uuid(Task& task);

}  // namespace kontain::sys
