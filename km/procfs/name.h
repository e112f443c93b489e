// Names of files in a procfs, and what a payload gets when it opens them. Pure.
#pragma once

#include <string>
#include <string_view>

namespace kontain::procfs {

// A path below the root of a procfs, as the kernel itself spells it: no links, no "..", numbers instead of "self".
struct Name {
  int process = 0;    // of /PID/..., 0 for files that belong to no process
  int thread = 0;     // of /PID/task/TID/..., else 0
  std::string entry;  // "maps", "fd", "sys"; empty: the folder /PID or /PID/task/TID itself
  std::string rest;   // what follows the entry: "3" of fd/3, "kernel/core_pattern"

  bool is_process_file() const { return process != 0 && !entry.empty(); }
};

// `path` begins behind the mount point ("/1234/fd/3"); a " (deleted)" of a dead process is taken off.
Name parse_name(std::string_view path);

enum class Whose { Own, Foreign };

enum class Answer {
  Host,       // the host's file tells nothing about a monitor
  Refused,    // EACCES
  Generated,  // shows the monitor on the host, or would change it: rendered from what the payload is (render.h)
  Comm,       // the host's, but writable through /PID/task/TID/comm alone when a process is not dumpable
  Fds,        // a folder with one entry per descriptor, or such an entry: the monitor's are left out
  Link,       // a magic link: to the payload's program, a folder or a descriptor
};

// Whose::Foreign is every process but the caller's own, whatever runs there. Files of no process have no owner.
Answer answer_of(const Name& name, Whose whose);

// The same for a procfs whose process numbers need not be ours, or whose mount point is not known: no name is trusted.
Answer answer_of_unplaced(std::string_view path);

// Writing it makes the host's kernel run a program, or reaches the machine: sys/kernel/core_pattern and the like.
bool is_refused_for_writing(const Name& name);

// True for names of files that must not be open even for an instant before they are judged, whatever folder they are
// in.
bool is_delicate_name(std::string_view name);

// Gives random bytes that are another's at every opening: sys/kernel/random/uuid.
bool is_random(const Name& name);

// A decimal number without sign, or -1.
int to_number(std::string_view text);

}  // namespace kontain::procfs
