// Which containers ask for a virtual machine, where krun stands beside another runtime.
#pragma once

#include <string>

#include "base/error.h"

namespace kontain::krun::container {

// "true" or "false": says it outright.
inline constexpr char kMachineAnnotation[] = "app.kontain.vm";

// What the configuration of a bundle says: the annotation above; without it, another annotation app.kontain.*, or a
// process.args[0] that is a kontainer (an ELF file with Kontain's note) in its root file system. Nothing else of the
// configuration is judged: another runtime may understand more of it.
Result<bool> asks_for_machine(const std::string& bundle, const std::string& config);

}  // namespace kontain::krun::container
