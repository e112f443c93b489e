// The procfs that a process knows itself by. It is found at /proc once, before anything ran that could put something
// else there or move the root (chroot(2)), and held: every file of it is opened by its name below that descriptor, and
// no path is asked again.
#pragma once

#include "base/unique_fd.h"

namespace kontain {

// A handle (O_PATH) of the root of the procfs at /proc. None when something else is there (PROC_SUPER_MAGIC, statfs(2);
// PROC_ROOT_INO): what an image or a chroot keeps below that name is somebody else's word.
UniqueFd find_procfs();

// Says which descriptor of this process is such a handle from now on; -1: none. Whoever says so keeps it open.
void hold_procfs(int number);
int held_procfs();

// Opens `name` ("self/maps") of the held procfs for reading. None when nothing is held.
UniqueFd open_procfs(const char* name);

}  // namespace kontain
