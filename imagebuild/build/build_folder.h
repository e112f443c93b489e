// The folder in the store that one build works in, and what builds that were killed left of theirs.
#pragma once

#include <string>

#include "base/error.h"
#include "base/unique_fd.h"
#include "imagebuild/store/store.h"

namespace kontain::image::build {

// STORE/build/PID-N and, beside it, PID-N.lock: whoever holds flock(2) of that one owns the folder. It goes with the
// object; of a killed build it stays, and nobody holds the lock once its last krun has ended, which inherits it.
class BuildFolder {
 public:
  static Result<BuildFolder> create(const Store& store);
  BuildFolder(BuildFolder&& other) noexcept : path_(std::move(other.path_)), lock_(std::move(other.lock_)) {
    other.path_.clear();
  }
  BuildFolder& operator=(BuildFolder&&) = delete;
  ~BuildFolder();

  // Absolute, wherever the store was named from.
  const std::string& path() const { return path_; }
  // Open for as long as the folder is owned.
  int lock() const { return lock_.get(); }

 private:
  BuildFolder(std::string path, UniqueFd lock) : path_(std::move(path)), lock_(std::move(lock)) {}
  std::string path_;  // empty when another object has it
  UniqueFd lock_;
};

// Removes what nobody owns, when the containers in it have been ended. Files of subordinate users (subuid(5)) are only
// a user namespace's root to remove, so a user without privileges enters one for them. An error names what could not be
// removed; the rest is gone then, too.
Result<void> remove_abandoned_builds(const Store& store);

}  // namespace kontain::image::build
