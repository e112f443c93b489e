// Which socket options a payload may use.
#pragma once

namespace kontain::sys {

// True when the value of `option` is plain data: no pointer, no descriptor, no address behind it.
bool is_plain_socket_option(int level, int option);

}  // namespace kontain::sys
