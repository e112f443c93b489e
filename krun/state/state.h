// What krun keeps of a container between its invocations: a folder ROOT/ID with state.json, the configuration as it was
// at create, and, until start, the FIFO on which the container's first process waits.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"
#include "krun/cgroup/cgroup.h"

namespace kontain::krun::state {

enum class Status : uint8_t { Creating, Created, Running, Paused, Stopped };
const char* status_name(Status status);

struct State {
  std::string id;
  pid_t pid = 0;            // 0: there was none yet
  uint64_t start_time = 0;  // of the process, in clock ticks since boot: tells it from a later one with the same number
  bool created = false;     // set up completely
  std::string bundle;       // absolute
  std::string rootfs;       // absolute
  std::string created_at;   // RFC 3339
  std::string owner;
  std::string version;  // of the specification
  bool has_private_pids = true;
  // Without a mount namespace of its own: how many mounts were at `rootfs` before the container's.
  std::optional<int> mounts_before;
  cgroup::Cgroup cgroup;
  bool owns_cgroup = false;  // false: nothing of this container was in it yet
  std::vector<std::pair<std::string, std::string>> annotations;
};

std::string encode(const State& state);
// The text may be anybody's.
Result<State> decode(const std::string& text, const std::string& document);

// 1 to 1024 letters, digits and "_+-.", not "." or "..".
Result<void> check_id(const std::string& id);

// Whether this is root outside any user namespace: root of one is a user without privileges.
bool is_host_root();
// /run/krun for such a root, $XDG_RUNTIME_DIR/krun for others.
std::string default_root();

// Holds a lock of flock(2), and lets go of it although a child may have inherited the descriptor.
class Lock {
 public:
  Lock() = default;
  explicit Lock(UniqueFd fd) : fd_(std::move(fd)) {}
  Lock(Lock&&) = default;
  Lock& operator=(Lock&& other) noexcept;
  ~Lock();

 private:
  UniqueFd fd_;
};

// Whether a container's program has come to run, or its process ended before.
enum class Begun { No, Yes };

// The folder of one container.
class Folder {
 public:
  // Makes ROOT/ID. Fails with EEXIST when there is one.
  static Result<Folder> make(const std::string& root, const std::string& id);
  // Fails with "container "ID" does not exist".
  static Result<Folder> open(const std::string& root, const std::string& id);

  const std::string& path() const { return path_; }
  const std::string& id() const { return id_; }
  std::string file(const char* name) const { return path_ + "/" + name; }

  // No other invocation changes the container until this value is gone.
  Result<void> lock();

  Result<State> read() const;
  Result<void> write(const State& state) const;  // at once, by rename
  Result<void> write_file(const char* name, const std::string& text) const;

  // The FIFO for start: made by create, opened for reading for the container's process, which waits as long as it holds
  // the lock that comes with it (stop_waiting).
  Result<void> make_fifo() const;
  Result<UniqueFd> open_fifo_to_wait() const;
  // Wakes the waiting process and waits until the container's program has settled or has computed for 50 ms
  // (Begun::Yes), or until the process has ended before the program could run (Begun::No). Fails when nobody waits.
  // `init`: the waiting process.
  Result<Begun> signal_start(pid_t init) const;
  // Whether the container's process still waits for start.
  bool is_waited_for() const;

  void remove();

 private:
  Folder(std::string path, std::string id) : path_(std::move(path)), id_(std::move(id)) {}
  std::string path_;
  std::string id_;
  Lock lock_;
};

// In the container's process: it waits no longer.
void stop_waiting(const UniqueFd& fifo);

std::vector<std::string> list(const std::string& root);

// What a container is doing now.
Status status_of(const State& state, const Folder& folder);

// Start time of a living process; nothing when there is none, or only a zombie.
std::optional<uint64_t> process_start_time(pid_t pid);

// `state` of the specification, and what runc adds.
nlohmann::ordered_json describe(const State& state, Status status);

}  // namespace kontain::krun::state
