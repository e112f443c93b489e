// The network of one kontainer as commands of ip(8) and iptables(8): what makes it and what takes it away. A plan is
// written to the kontainer's record before anything is made, so that whoever finds it later can take everything away.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/run/options.h"

namespace kontain::cli {

inline constexpr char kBridge[] = "kontain0";
inline constexpr char kBridgeAddress[] = "10.61.0.1";
inline constexpr char kSubnet[] = "10.61.0.0/16";

// A kontainer on the bridge.
struct BridgePlan {
  std::string id;       // of the kontainer
  std::string address;  // its own, in kSubnet
  std::vector<Publish> publish;

  std::string network_namespace() const;  // its name for ip-netns(8)
  std::string namespace_path() const;
  std::string cable() const;  // the end that is on the bridge: at most 15 characters, as the kernel wants it
};

using Command = std::vector<std::string>;

// One after the other; the first that fails ends it. Those of the bridge itself are for the first kontainer.
std::vector<Command> bridge_setup();
std::vector<Command> setup_commands(const BridgePlan& plan);
// All of them, whether they fail or not: what is not there cannot be taken away.
std::vector<Command> teardown_commands(const BridgePlan& plan);
std::vector<Command> bridge_teardown();

// The first address of kSubnet behind the bridge's that is not among `taken`.
Result<std::string> choose_address(const std::vector<std::string>& taken);

nlohmann::ordered_json plan_as_json(const BridgePlan& plan);
// The record may be damaged: what is no plan is an error, and nothing that is in a plan can be an option of a command.
Result<BridgePlan> plan_of_json(const nlohmann::ordered_json& record);

// Makes it. `first`: nobody else is on the bridge.
Result<void> connect(const BridgePlan& plan, bool first);
// Takes it away. `last`: nobody else is on the bridge.
void disconnect(const BridgePlan& plan, bool last);

}  // namespace kontain::cli
