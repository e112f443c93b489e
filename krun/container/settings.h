// What every verb needs to know beside its own arguments.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "krun/spec/model.h"

namespace kontain::krun::container {

// /etc/kontain/krun.json.
struct Settings {
  std::string km;                                                // "km": path of the monitor; empty: beside krun
  std::vector<std::pair<std::string, std::string>> annotations;  // "annotations": app.kontain.* for all containers
  std::string other_runtime;     // "otherRuntime": absolute path, of krun-label-trigger; empty: runc or crun in PATH
  std::set<std::string> locked;  // "locked": annotations that no container may set
};

// Missing: all as built in. Unknown keys are errors.
Result<Settings> read_settings(const std::string& path);

inline constexpr char kSettingsFile[] = "/etc/kontain/krun.json";
inline constexpr char kAnnotationPrefix[] = "app.kontain.";

// What km is told. The administrator's come first, then vm.hypervisor.parameters, then the container's; a later one
// wins, except where it is locked: that is an error.
Result<std::vector<std::pair<std::string, std::string>>> monitor_annotations(const Settings& settings,
                                                                             const spec::Config& config);

}  // namespace kontain::krun::container
