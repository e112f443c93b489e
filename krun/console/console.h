// The container's terminal: made inside the container, its master handed outside.
#pragma once

#include <string>

#include "base/error.h"
#include "base/unique_fd.h"
#include "krun/spec/model.h"

namespace kontain::krun::console {

struct Terminal {
  UniqueFd master;
  UniqueFd slave;
};

// A new pseudo-terminal of the devpts at /dev/pts below `root` (O_PATH), or the host's where there is none. The slave
// is got from the master and never by a name.
Result<Terminal> make_terminal(int root, const spec::ConsoleSize& size);

// Binds the slave to /dev/console below `root`. For a process whose mounts are the container's.
Result<void> bind_to_console(int root, const Terminal& terminal);

// stdin, stdout, stderr and the controlling terminal of this process, which is a session leader.
Result<void> use_terminal(const Terminal& terminal);

// Connects to the socket at `path` (--console-socket).
Result<UniqueFd> connect_console_socket(const std::string& path);
// Sends a descriptor with a message, as engines expect from a runtime; and gets one.
Result<void> send_descriptor(int socket, int fd, const std::string& message);
Result<UniqueFd> receive_descriptor(int socket);

// Carries what is typed here to `master` and what is printed there to our stdout, with our terminal in raw mode and its
// size followed, until `pidfd` says that the process has ended.
class Relay {
 public:
  explicit Relay(UniqueFd master);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  int fd() const { return master_.get(); }
  void resize() const;
  // Moves what is there; false: the other end is closed.
  bool from_master();
  bool from_stdin();

 private:
  struct Saved;
  UniqueFd master_;
  Saved* saved_ = nullptr;
};

}  // namespace kontain::krun::console
