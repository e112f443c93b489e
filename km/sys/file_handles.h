// name_to_handle_at(2). A handle only tells files apart: open_by_handle_at is refused.
#pragma once

#include "km/sys/args.h"

namespace kontain::sys {

SysResult sys_name_to_handle_at(Task& task, DirFd directory, GuestPtr<const char> path, GuestPtr<char> handle,
                                GuestPtr<int> mount, int flags);

}  // namespace kontain::sys
