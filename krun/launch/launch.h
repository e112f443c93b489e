// From a prepared process to a km that runs the payload: the monitor and its devices come as descriptors, opened on the
// host before anything of the container is touched.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/abi/start_order.h"
#include "base/error.h"
#include "base/unique_fd.h"
#include "krun/spec/model.h"

namespace kontain::krun::launch {

struct Monitor {
  UniqueFd km;   // O_PATH, of a detached read-only clone of its mount; or a sealed copy
  UniqueFd kvm;  // /dev/kvm
};

// Opens `km_path`, or the km beside this program when it is empty, so that nobody can write it through the descriptor.
Result<Monitor> open_monitor(const std::string& km_path);

// Where the program `name` is for this process: in its root, with its rights, by its PATH. What it fails with contains
// the words that engines look for: "executable file not found", "no such file or directory", "permission denied", "is a
// directory".
Result<std::string> find_program(const std::string& name, const std::vector<std::string>& environment);

// Is the file a kontainer: an ELF file with Kontain's note? `fd` is read from its beginning; it may hold anything.
bool is_kontainer(int fd);

// What km is told: `process` as the payload.
struct Payload {
  std::string program;  // with a slash
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
  std::vector<std::pair<std::string, std::string>> annotations;
  std::vector<std::string> seccomp_filters;
  uint64_t seccomp_flags = 0;
  int starter_fd = -1;  // the order's (base/abi/start_order.h)
};

// Becomes km. Whatever is open from `first_closed` on is closed but for what km is given. Returns only on failure.
Error execute(const Monitor& monitor, const Payload& payload, int first_closed);

// The environment with a HOME for the user, from the /etc/passwd in the current root.
std::vector<std::string> with_home(std::vector<std::string> environment, uint32_t uid);

}  // namespace kontain::krun::launch
