// What `kontain run` was asked for, and the words it is asked in.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"

namespace kontain::cli {

// A port of the host that leads to one of the kontainer.
struct Publish {
  std::string host_address;  // IPv4; empty: all of the host's
  uint16_t host_port = 0;
  uint16_t port = 0;
  bool udp = false;
};

struct Volume {
  std::string source;  // absolute, on the host
  std::string target;  // absolute, inside
  bool read_only = false;
};

enum class Network : uint8_t {
  Auto,    // bridge for root, pasta or slirp4netns for others
  None,    // a loopback interface only
  Host,    // the host's own
  Bridge,  // a virtual cable to the bridge kontain0
  Pasta,
  Slirp4netns,
};

struct RunOptions {
  std::string source;  // an image, or the file of a program
  std::vector<std::string> arguments;
  std::string name;
  bool interactive = false;
  bool terminal = false;
  bool detach = false;
  bool remove = false;  // keep nothing when it has ended
  bool read_only = false;
  std::string working_directory;
  std::string user;  // "user[:group]", names or numbers
  std::string hostname;
  std::string entrypoint;
  std::vector<std::string> environment;   // "NAME=value", or "NAME" for this process's value
  std::vector<std::string> name_servers;  // addresses; empty: the host's
  std::vector<Publish> publish;
  std::vector<Volume> volumes;
  uint64_t memory = 0;        // bytes; 0: no limit
  double cpus = 0;            // processors; 0: no limit
  int64_t process_limit = 0;  // 0: no limit
  Network network = Network::Auto;
  std::vector<std::pair<std::string, std::string>> annotations;  // of app.kontain.*, without that prefix
};

// "8080:80", "127.0.0.1:8080:80/udp", "80".
Result<Publish> parse_publish(const std::string& text);
// "/host/folder:/inside[:ro|:rw]"; a relative source begins at `here`.
Result<Volume> parse_volume(const std::string& text, const std::string& here);
// "512", "64k", "100M", "2g": bytes, powers of 1024.
Result<uint64_t> parse_size(const std::string& text);
// An IPv4 or IPv6 address.
Result<std::string> parse_name_server(const std::string& text);
Result<Network> parse_network(const std::string& text);
// 1 to 64 letters, digits and "_.-", a letter or digit first: also a name for krun and in paths.
Result<void> check_name(const std::string& name);

}  // namespace kontain::cli
