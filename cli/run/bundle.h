// From what was asked for and what the image says to the configuration of an OCI bundle. Pure.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/run/options.h"

namespace kontain::cli {

// The part of an image's configuration (OCI image-spec 1.1, config.md) that a container starts from.
struct ImageDefaults {
  std::vector<std::string> entrypoint;
  std::vector<std::string> command;
  std::vector<std::string> environment;
  std::string working_directory;
  std::string user;
};

// The text of the configuration; it may be anybody's.
Result<ImageDefaults> parse_image_config(const std::string& text);

struct Identity {
  uint32_t user = 0;
  uint32_t group = 0;
};

// "user[:group]" by the texts of the image's /etc/passwd and /etc/group.
Result<Identity> find_identity(const std::string& user, const std::string& passwd, const std::string& group);

// What the host has prepared.
struct Place {
  std::string id;
  std::string folder;             // with rootfs, and the files resolv.conf, hosts and hostname
  std::string image;              // its name, for people
  std::string resolver;           // the text of its resolv.conf
  std::string program;            // a file of the host that becomes /app.km inside; empty: an image
  std::string network_namespace;  // path; empty: the one that krun is started in, when it `shares_network`
  bool shares_network = false;
  bool rootless = false;
  bool needs_user_namespace = false;  // nobody has made one around krun: `host_user` becomes root inside
  Identity host_user;
  Identity identity;
  uint16_t terminal_rows = 0;  // of the terminal outside; 0: not known
  uint16_t terminal_columns = 0;
  std::vector<std::pair<std::string, std::string>> own_environment;  // of this process, for -e NAME
};

// What the kontainer runs: the image's entry point and command, changed by the options.
Result<std::vector<std::string>> arguments_of(const RunOptions& options, const ImageDefaults& image,
                                              const Place& place);

// config.json.
Result<nlohmann::ordered_json> make_config(const RunOptions& options, const ImageDefaults& image, const Place& place);

}  // namespace kontain::cli
