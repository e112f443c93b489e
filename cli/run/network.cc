#include "cli/run/network.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/subprocess.h"
#include "base/unique_fd.h"
#include "cli/support/files.h"

namespace kontain::cli {
namespace {

constexpr uint32_t kFirstHost = 0x0a3d0002;  // 10.61.0.2
constexpr uint32_t kLastHost = 0x0a3dfffe;   // 10.61.255.254
constexpr size_t kLongestInterface = 15;
constexpr char kWrite[] = "write";  // in place of a program: a file, and what is written to it

std::string address_text(uint32_t address) {
  return std::to_string(address >> 24) + "." + std::to_string(address >> 16 & 255) + "." +
         std::to_string(address >> 8 & 255) + "." + std::to_string(address & 255);
}

Command iptables(const char* table, const char* action, const char* chain, const Command& rule) {
  Command command = {"iptables", "-w", "-t", table, action, chain};
  command.insert(command.end(), rule.begin(), rule.end());
  return command;
}

struct Rule {
  const char* table;
  const char* chain;
  Command match;
};

// What makes the kontainers reach the world, and packets that a rule for a port has sent to them pass.
std::vector<Rule> bridge_rules() {
  return {{"nat", "POSTROUTING", {"-s", kSubnet, "!", "-o", kBridge, "-j", "MASQUERADE"}},
          {"nat", "POSTROUTING", {"-s", "127.0.0.0/8", "-o", kBridge, "-j", "MASQUERADE"}},
          {"filter", "FORWARD", {"-i", kBridge, "-j", "ACCEPT"}},
          {"filter", "FORWARD", {"-o", kBridge, "-j", "ACCEPT"}}};
}

// Packets for a published port of the host, whether they arrive or begin there.
std::vector<Rule> port_rules(const BridgePlan& plan) {
  std::vector<Rule> rules;
  for (const Publish& publish : plan.publish) {
    Command match = {"-p", publish.udp ? "udp" : "tcp"};
    if (publish.host_address.empty()) {
      match.insert(match.end(), {"-m", "addrtype", "--dst-type", "LOCAL"});
    } else {
      match.insert(match.end(), {"-d", publish.host_address});
    }
    match.insert(match.end(),
                 {"--dport", std::to_string(publish.host_port), "-m", "comment", "--comment", "kontain:" + plan.id,
                  "-j", "DNAT", "--to-destination", plan.address + ":" + std::to_string(publish.port)});
    rules.push_back({"nat", "PREROUTING", match});
    rules.push_back({"nat", "OUTPUT", match});
  }
  return rules;
}

std::vector<Command> as_commands(const std::vector<Rule>& rules, const char* action) {
  std::vector<Command> commands;
  for (const Rule& rule : rules) commands.push_back(iptables(rule.table, action, rule.chain, rule.match));
  return commands;
}

Result<void> write_setting(const std::string& path, const std::string& value) {
  const UniqueFd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (file && write(file.get(), value.data(), value.size()) == static_cast<ssize_t>(value.size())) return {};
  return fail_errno("network", path, errno);
}

Result<void> run_all(const std::vector<Command>& commands) {
  for (Command command : commands) {
    if (command[0] == kWrite) {
      TRY(write_setting(command[1], command[2]));
      continue;
    }
    const std::string name = command[0];
    command[0] = find_tool(name);
    if (command[0].empty()) return fail("network", name, "is not installed");
    TRY_ASSIGN(const SubprocessResult run, run_subprocess(command));
    if (run.exit_code == 0 && run.signal == 0) continue;
    std::string words;
    for (const std::string& word : command) words += " " + word;
    return fail("network", words.substr(1), trimmed(run.err));
  }
  return {};
}

bool is_plain(const std::string& text, const char* allowed) {
  return !text.empty() && text.find_first_not_of(allowed) == std::string::npos;
}

}  // namespace

std::string BridgePlan::network_namespace() const { return "kontain-" + id; }
std::string BridgePlan::namespace_path() const { return "/run/netns/" + network_namespace(); }

// Addresses differ in their last two bytes, and are short.
std::string BridgePlan::cable() const {
  in_addr number = {};
  inet_pton(AF_INET, address.c_str(), &number);
  return ("kontain-" + std::to_string(ntohl(number.s_addr) & 0xffff)).substr(0, kLongestInterface);
}

std::vector<Command> bridge_setup() {
  std::vector<Command> commands = {
      {"ip", "link", "add", "name", kBridge, "type", "bridge"},
      {"ip", "address", "add", std::string(kBridgeAddress) + "/16", "dev", kBridge},
      {"ip", "link", "set", "dev", kBridge, "up"},
      {kWrite, "/proc/sys/net/ipv4/ip_forward", "1"},
      {kWrite, std::string("/proc/sys/net/ipv4/conf/") + kBridge + "/route_localnet", "1"}};
  for (Command& command : as_commands(bridge_rules(), "-A")) commands.push_back(std::move(command));
  return commands;
}

std::vector<Command> setup_commands(const BridgePlan& plan) {
  const std::string inside = plan.network_namespace();
  std::vector<Command> commands = {
      {"ip", "netns", "add", inside},
      {"ip", "link", "add", "name", plan.cable(), "type", "veth", "peer", "name", "eth0", "netns", inside},
      {"ip", "link", "set", "dev", plan.cable(), "master", kBridge, "up"},
      {"ip", "-n", inside, "link", "set", "dev", "lo", "up"},
      {"ip", "-n", inside, "address", "add", plan.address + "/16", "dev", "eth0"},
      {"ip", "-n", inside, "link", "set", "dev", "eth0", "up"},
      {"ip", "-n", inside, "route", "add", "default", "via", kBridgeAddress}};
  for (Command& command : as_commands(port_rules(plan), "-A")) commands.push_back(std::move(command));
  return commands;
}

std::vector<Command> teardown_commands(const BridgePlan& plan) {
  std::vector<Command> commands = as_commands(port_rules(plan), "-D");
  commands.push_back({"ip", "link", "delete", "dev", plan.cable()});
  commands.push_back({"ip", "netns", "delete", plan.network_namespace()});
  return commands;
}

std::vector<Command> bridge_teardown() {
  std::vector<Command> commands = as_commands(bridge_rules(), "-D");
  commands.push_back({"ip", "link", "delete", "dev", kBridge});
  return commands;
}

Result<std::string> choose_address(const std::vector<std::string>& taken) {
  for (uint32_t address = kFirstHost; address <= kLastHost; ++address) {
    std::string text = address_text(address);
    if (std::ranges::find(taken, text) == taken.end()) return text;
  }
  return fail("network", kSubnet, "no address is free");
}

nlohmann::ordered_json plan_as_json(const BridgePlan& plan) {
  nlohmann::ordered_json ports = nlohmann::ordered_json::array();
  for (const Publish& publish : plan.publish) {
    ports.push_back({{"host_address", publish.host_address},
                     {"host_port", publish.host_port},
                     {"port", publish.port},
                     {"protocol", publish.udp ? "udp" : "tcp"}});
  }
  return {{"id", plan.id}, {"address", plan.address}, {"publish", ports}};
}

Result<BridgePlan> plan_of_json(const nlohmann::ordered_json& record) {
  // Its accessors throw on every type that is not expected.
  try {
    BridgePlan plan;
    plan.id = record.at("id").get<std::string>();
    plan.address = record.at("address").get<std::string>();
    TRY(check_name(plan.id));
    if (!is_plain(plan.address, "0123456789.")) return fail("record", "address", "is no address");
    for (const auto& port : record.at("publish")) {
      const std::string host = port.at("host_address").get<std::string>();
      TRY_ASSIGN(const Publish publish,
                 parse_publish((host.empty() ? "" : host + ":") + std::to_string(port.at("host_port").get<unsigned>()) +
                               ":" + std::to_string(port.at("port").get<unsigned>()) + "/" +
                               port.at("protocol").get<std::string>()));
      plan.publish.push_back(publish);
    }
    return plan;
  } catch (const nlohmann::json::exception&) {
    return fail("record", "network", "is no plan of a network");
  }
}

Result<void> connect(const BridgePlan& plan, bool first) {
  if (first) {
    for (const Command& command : bridge_teardown()) static_cast<void>(run_all({command}));
    TRY(run_all(bridge_setup()));
  }
  return run_all(setup_commands(plan));
}

void disconnect(const BridgePlan& plan, bool last) {
  for (const Command& command : teardown_commands(plan)) static_cast<void>(run_all({command}));
  if (!last) return;
  for (const Command& command : bridge_teardown()) static_cast<void>(run_all({command}));
}

}  // namespace kontain::cli
