// Files of /proc about the payload's own process that the host would fill with the monitor: rendered when they are
// opened, and served from a sealed memfd. A file read again from its start therefore shows the moment of its opening.
#pragma once

#include <optional>
#include <string>

#include "base/unique_fd.h"
#include "km/sys/proc_files.h"

namespace kontain::sys {

// The text of `file`, which is Answer::Generated. What the payload shares with the monitor is the host's.
std::string render_proc_file(Task& task, const ProcFile& file);

// Puts a read-only snapshot of `file` at the descriptor `number`, which is open on something else.
SysResult serve_proc_file(Task& task, const ProcFile& file, int number, uint64_t open_flags);

// "/proc/7/maps" when `target`, the host's text of a descriptor's link, is such a snapshot.
std::optional<std::string> generated_name(const std::string& target);

}  // namespace kontain::sys
