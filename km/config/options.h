// km's configuration: the command line, JSON files and annotations, from one table of options (option_table.h).
//
// Precedence: built-in, /etc/kontain/km.json, --config FILE, annotations, command line; a later one wins, except that a
// key the administrator's file locks can be set nowhere else. No environment variable configures km.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace kontain::config {

struct Options {
  enum class Action : uint8_t { Run, Help, Version, Syscalls, SelfTest };
  enum class HugePages : uint8_t { Auto, On, Off };
  // Patched: Exitless, and every SYSCALL instruction that can be is replaced.
  enum class Calls : uint8_t { Auto, Exit, Exitless, Patched };

  Action action = Action::Run;
  std::string report_format = "text";       // of Syscalls and SelfTest: text, json or markdown
  std::optional<std::string> trace_filter;  // calls to trace; empty text: all of them
  std::string trace_file;                   // where to; empty: stderr
  HugePages huge_pages = HugePages::Auto;
  Calls calls = Calls::Auto;            // how the payload's system calls reach us
  bool randomize = true;                // addresses, as Linux does
  std::optional<int64_t> clock;         // where the wall clock stands still, nanoseconds since 1970
  std::optional<uint64_t> random_seed;  // of what is random for the payload, addresses too
  std::string argv0;                    // the payload's argv[0] instead of its name
  std::string program;
  std::vector<std::string> arguments;  // the payload's, without argv[0]
};

using Annotations = std::map<std::string, std::string>;

struct Sources {
  std::string administrator_file = "/etc/kontain/km.json";  // read when it exists
  Annotations annotations;                                  // app.kontain.*; others are ignored
};

// The options of `argv` and of everything that stands below it. The error names the option or the file and the key.
Result<Options> parse_command_line(int argc, char** argv, const Sources& sources = {});

// What `km --help` prints.
std::string help_text();
// docs/configuration.md.
std::string options_as_markdown();

}  // namespace kontain::config
