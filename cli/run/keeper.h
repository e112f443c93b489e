// Making and ending what `kontain run` starts, and clearing away what a killed one left.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "cli/run/options.h"
#include "cli/run/record.h"
#include "cli/run/user_network.h"

namespace kontain::cli {

// A kontainer that is ready to be run by `command`, which is krun's.
struct Prepared {
  RecordFolder folder;
  Record record;
  Command command;
  UserNetworkPlan user_network;
};

// Clears away what killed ones left, then makes the record, root file system, configuration and network of a new one.
// When it fails nothing of it is left.
Result<Prepared> prepare(const RunOptions& options);

// Takes away everything but the record and the log, and these too unless the record says that they are kept.
Result<void> finish(Prepared& prepared, int exit_status);

// Takes away what kontainers left whose attending process is gone.
void clear_away_stale();

// The folder of a kontainer that `kontain run` started, whether it runs or has ended.
Result<std::string> record_folder_of(const std::string& name);

// True as long as its program runs.
bool is_running(const std::string& id);

// Removes an ended one; `force`: ends it first.
Result<void> remove_record(const std::string& name, bool force);

}  // namespace kontain::cli
