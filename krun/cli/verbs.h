// The verbs of the command line. Each of these functions adds some to the parser; a callback of theirs fills in what
// the invocation is to do, and main() does it.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"
#include "krun/cli/log.h"
#include "krun/container/settings.h"
#include "krun/state/state.h"

namespace kontain::krun::cli {

inline constexpr int kFailed = 1;
inline constexpr int kExecFailed = 255;  // of exec, as runc: 125 to 127 are the program's

// The options before the verb.
struct Global {
  std::string root;  // absolute
  std::string settings_file = container::kSettingsFile;
  Log log;
  std::string log_format = "text";
  std::string rootless = "auto";
  std::string cgroup_manager = "cgroupfs";
  std::string criu;
  bool debug = false;
  bool systemd_cgroup = false;
  cgroup::Presence cgroups = cgroup::Presence::Required;  // what the two above come to
};

// The runtime for containers that do not ask for a virtual machine (elsewhere.h).
struct OtherRuntime {
  std::string path;  // empty: every container is ours
  std::string root;  // as it was given; empty: its own default
};

// What was asked for: filled by the parser, run behind it.
struct Invocation {
  Global global;
  OtherRuntime other;
  std::function<Result<int>()> run;
  int failure = kFailed;  // exit status when `run` fails
};

void add_lifecycle(CLI::App& app, Invocation& invocation);    // create, start, run, kill, delete, pause, resume
void add_exec(CLI::App& app, Invocation& invocation);         // exec
void add_inspection(CLI::App& app, Invocation& invocation);   // state, list, ps
void add_update(CLI::App& app, Invocation& invocation);       // update
void add_events(CLI::App& app, Invocation& invocation);       // events
void add_checkpoints(CLI::App& app, Invocation& invocation);  // checkpoint, restore
void add_documents(CLI::App& app, Invocation& invocation);    // spec, features

// What create, run and exec share.
void add_process_options(CLI::App& verb, std::string& console_socket, std::string& pid_file, int& preserve_fds);

Result<container::Settings> settings_of(const Invocation& invocation);

void print(const std::string& text);
// One line, or more with an `indent` of at least 0. Bytes that are no UTF-8 are replaced.
std::string dump(const nlohmann::ordered_json& value, int indent);
Result<int> done(const Result<void>& result);

}  // namespace kontain::krun::cli
