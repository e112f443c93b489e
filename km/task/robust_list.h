// Robust futexes (Documentation/locking/robust-futexes.rst): what the kernel does with the locks of a thread that ends.
// Walked by us, because the host's kernel must not follow the payload's pointers.
#pragma once

#include "km/task/task.h"

namespace kontain::task {

// Marks every lock on the thread's robust list that the thread still owns, wakes one waiter of each, and forgets the
// list.
void release_robust_list(Task& task);

}  // namespace kontain::task
