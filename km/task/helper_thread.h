// The one thread of the monitor that makes calls for threads of the payload (km/exitless). Its effects are those of the
// payload's thread, because what the host's kernel keeps for them both is the same; where it is not, the call is given
// back.
#pragma once

#include <string_view>

namespace kontain::task {

// Its name (comm) on the host.
inline constexpr std::string_view kHelperName = "km:calls";

// Makes the calling thread that helper, until it ends.
void become_helper_thread();
bool is_helper_thread();

// For a handler, on whatever thread: the answer would be about the thread that makes the call. On the helper the call,
// which has had no effect and ends with an error, is made again by its own thread.
void ask_for_own_thread();
// True once after that.
bool take_own_thread_request();

}  // namespace kontain::task
