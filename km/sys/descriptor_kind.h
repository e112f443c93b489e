// Whether calls on a descriptor end at once, by what it is open on.
#pragma once

#include "km/fd/payload_fds.h"

namespace kontain::sys {

// Of descriptor `number` of this process. A matter of speed only: a call that waits all the same ends when its thread
// has a signal to deliver.
fd::Kind descriptor_kind(int number);

}  // namespace kontain::sys
