// Which file of a procfs an open descriptor is. Asked of the host about the descriptor, never about the path that led
// to it: no link, bind mount or race changes the answer.
#pragma once

#include <optional>
#include <string>

#include "km/fd/kept_fd.h"
#include "km/procfs/name.h"
#include "km/sys/forward.h"

namespace kontain::sys {

struct ProcFile {
  procfs::Name name;
  procfs::Answer answer = procfs::Answer::Refused;
  bool own = false;     // of the caller's process
  bool hidden = false;  // one of the monitor's descriptors or threads: ENOENT
};

// The held procfs (base/procfs.h); where none is held yet it is looked for at /proc. `fd` is -1 when there is none;
// then no file of any procfs is given out.
const task::ProcRoot& proc_root(Task& task);

// For a process that begins, by fork or by exec, while it has one thread: opens what only then can be opened unseen. In
// a child that shares its parent's memory there is nothing to do.
void renew_proc_root(Task& task);

// The device of /run as it is now: of the first process of a tree, whose root nobody has moved.
uint64_t find_run_device();

// One of its descriptors is `to` from now on: true when it was `from`. The process has one thread.
bool renumber_proc_root(task::Process& process, int from, int to);

// Nothing when `number` is no file of a procfs. A file that cannot be told is Answer::Refused.
std::optional<ProcFile> identify_proc_file(Task& task, int number);

// Threads that are in the process on the host and not in the payload: KVM's workers, for which execve(2) does not wait,
// the helper, and what has gone. `tid` is of the own process.
bool is_monitor_thread(Task& task, int tid);
// What proc(5) calls num_threads: of the own process, and of another, in which a thread by the name of the helper is
// left out (one of a payload that calls itself so hides from nothing but this number).
uint64_t count_payload_threads(Task& task);
uint64_t count_foreign_threads(Task& task, int process);

// All of an open file from its start; and of a file below proc_root(). Empty when it cannot be read.
std::string read_host_file(int number);
std::string read_proc_text(Task& task, const std::string& name);

// The name of what `number` is open on, relative to proc_root().fd; and absolute, for calls without a directory.
std::string proc_fd_name(int number);
std::string proc_fd_path(int number);

// The text of the payload's /proc/self/exe.
std::string executable_path(Task& task);

// What the host says the link of descriptor `number` is.
GuestResult<std::string> descriptor_target(Task& task, int number);

// What `make()`, a SysResult, opens. The payload may have no descriptor left, which is not to be seen in calls that
// need none natively: then it is called once more, with room.
template <class Make>
SysResult make_in_room(Task& task, Make make) {
  const SysResult made = make();
  if (made.error() != EMFILE) return made;
  const fd::DescriptorRoom room(task.process().fds());
  return make();
}

// Moves a descriptor that a host's call made into the monitor's numbers: from then on no payload call names it, and
// what is judged is what is used. The call's error, or EMFILE.
GuestResult<fd::KeptFd> keep_made(Task& task, SysResult made);

// The same for what make_in_room() gives.
template <class Make>
GuestResult<fd::KeptFd> keep_from_payload(Task& task, Make make) {
  return keep_made(task, make_in_room(task, make));
}

}  // namespace kontain::sys
