#include "cli/fleet/places.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "cli/support/files.h"

namespace kontain::cli {
namespace {

// An absolute path of the environment, else `otherwise`.
std::string folder_of_variable(const char* name, const std::string& otherwise) {
  const char* value = std::getenv(name);
  return value && value[0] == '/' ? value : otherwise;
}

std::string runtime_folder() { return folder_of_variable("XDG_RUNTIME_DIR", "/run/user/" + std::to_string(geteuid())); }

bool is_folder(const std::string& path) { return access((path + "/.").c_str(), R_OK | X_OK) == 0; }

// Docker and containerd give every namespace of theirs a root of its own below these.
void add_subfolders(std::vector<std::string>& roots, const std::string& parent) {
  for (const std::string& name : entries_of(parent)) roots.push_back(parent + "/" + name);
}

std::vector<std::string> roots_of_engines() {
  std::vector<std::string> roots = {"/run/krun", "/run/crun", "/run/runc"};
  for (const std::string& name : entries_of("/run/docker")) {
    if (name.starts_with("runtime-")) add_subfolders(roots, "/run/docker/" + name);
  }
  add_subfolders(roots, "/run/containerd/runc");
  return roots;
}

}  // namespace

std::string run_state_root() { return geteuid() == 0 ? "/run/kontain-run" : runtime_folder() + "/kontain-run"; }

std::string run_data_root() {
  if (geteuid() == 0) return "/var/lib/kontain/run";
  const char* home = std::getenv("HOME");
  return folder_of_variable("XDG_DATA_HOME", std::string(home ? home : "/nonexistent") + "/.local/share") +
         "/kontain/run";
}

std::vector<std::string> krun_roots() {
  std::vector<std::string> roots = {run_state_root()};
  if (geteuid() == 0) {
    const std::vector<std::string> others = roots_of_engines();
    roots.insert(roots.end(), others.begin(), others.end());
  } else {
    roots.push_back(runtime_folder() + "/krun");
  }
  std::erase_if(roots, [](const std::string& root) { return !is_folder(root); });
  return roots;
}

}  // namespace kontain::cli
