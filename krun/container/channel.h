// What krun and the process it makes say to each other while a container is set up.
#pragma once

#include <utility>

#include "base/error.h"
#include "base/unique_fd.h"

namespace kontain::krun::container {

enum class Message : char {
  Failed = 'E',        // child: with an error; it ends
  NeedMappings = 'M',  // child: it has its user namespace
  RunHooks = 'H',      // child: mounts are made, the root is not entered
  Ready = 'R',         // child: waits for start, or executes
  Pid = 'P',           // helper: with the process id of the child
  Go = 'G',            // krun: go on
};

class Channel {
 public:
  static Result<std::pair<Channel, Channel>> make_pair();
  explicit Channel(UniqueFd fd) : fd_(std::move(fd)) {}

  Result<void> send(Message message, const std::string& text = "") const;
  Result<void> send_failure(const Error& error) const;
  // The text of the message that is expected. Another one, or none, is an error: the sender's own when it sent that.
  Result<std::string> expect(Message message) const;
  void close() { fd_.reset(); }
  int fd() const { return fd_.get(); }

 private:
  UniqueFd fd_;
};

}  // namespace kontain::krun::container
