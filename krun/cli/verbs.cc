#include "krun/cli/verbs.h"

#include <iostream>

namespace kontain::krun::cli {

void add_process_options(CLI::App& verb, std::string& console_socket, std::string& pid_file, int& preserve_fds) {
  verb.add_option("--console-socket", console_socket, "unix socket that gets the master of the terminal");
  verb.add_option("--pid-file", pid_file, "file that gets the process id");
  verb.add_option("--preserve-fds", preserve_fds, "descriptors to pass on behind stdio and LISTEN_FDS")
      ->check(CLI::Range(0, 1 << 16));
}

Result<container::Settings> settings_of(const Invocation& invocation) {
  return container::read_settings(invocation.global.settings_file);
}

void print(const std::string& text) {
  std::cout << text;
  std::cout.flush();
}

std::string dump(const nlohmann::ordered_json& value, int indent) {
  return value.dump(indent, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

Result<int> done(const Result<void>& result) {
  if (!result) return tl::make_unexpected(result.error());
  return 0;
}

}  // namespace kontain::krun::cli
