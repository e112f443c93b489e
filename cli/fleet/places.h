// Where things of running kontainers lie.
#pragma once

#include <string>
#include <vector>

namespace kontain::cli {

// krun's state of what `kontain run` started: /run/kontain-run for root, $XDG_RUNTIME_DIR/kontain-run for others.
std::string run_state_root();

// What `kontain run` keeps of each (bundle, log): /var/lib/kontain/run for root, $XDG_DATA_HOME/kontain/run for others.
std::string run_data_root();

// The state folders of krun that are there: run_state_root(), krun's default, and those that engines choose.
std::vector<std::string> krun_roots();

}  // namespace kontain::cli
