// Opening by path without ever following a magic link of the host's procfs: the kernel refuses them (openat2(2),
// RESOLVE_NO_MAGICLINKS), and where one is met it is answered here with what the payload's process has. Only then is a
// path walked by component, each component by descriptor, so renames and exchanged links change nothing.
#pragma once

#include <linux/openat2.h>

#include <string>

#include "base/unique_fd.h"
#include "km/sys/forward.h"

namespace kontain::sys {

// `how` with RESOLVE_NO_MAGICLINKS, unless it holds a flag by which the kernel follows none anyway, with its own errno.
open_how without_magic_links(open_how how);

// The host's descriptor of what openat2 opens, or -errno. Nothing has been judged yet, and for an instant the number is
// one that other threads can use: `how` opens a handle (O_PATH), a folder, or what cannot be more than it seems.
SysResult open_unjudged(Task& task, DirFd directory, const std::string& path, const open_how& how);

// Makes a file where a path ends, perhaps behind a link that leads nowhere yet: O_EXCL is implied. EEXIST when
// something is there.
SysResult create_unjudged(Task& task, DirFd directory, const std::string& path, const open_how& how);

// Opens again what `number`, a descriptor of the monitor or the payload, is open on, as a magic link does. EACCES where
// there is no procfs to do it with.
SysResult reopen(Task& task, int number, const open_how& how);

}  // namespace kontain::sys
