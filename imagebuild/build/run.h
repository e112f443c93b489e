// A RUN step: a command inside a virtual machine, by krun, with an overlay of the stage's layers as its root.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "imagebuild/build/copy.h"
#include "imagebuild/build/options.h"
#include "imagebuild/build/users.h"

namespace kontain::image::build {

struct RunRequest {
  std::string krun;                 // the runtime's path
  std::string folder;               // of the build; the names below are inside it
  int lock = -1;                    // what says that it is owned: krun inherits it
  std::vector<std::string> lower;   // the topmost first
  std::string upper, work, merged;  // overlayfs's; what is changed appears in `upper`
  std::string bundle;               // empty: no hosts file and no scripts
  std::string id;                   // of the container, unique on the machine
  Identity user;
  std::vector<std::string> arguments;
  std::vector<std::string> environment;  // "NAME=value"
  std::string working_dir;
  Network network = Network::Off;
  Repeatable repeatable;
  std::vector<InlineFile> scripts;               // appear as /dev/pipes/NAME, executable
  std::function<void(std::string_view)> output;  // is called with what the command prints, as it comes
};

// Runs it to its end; the status as a shell has it: 128 and the signal's number for a signal.
Result<int> run_in_vm(const RunRequest& request);

// config.json of the bundle. Pure.
std::string bundle_config(const RunRequest& request);

}  // namespace kontain::image::build
