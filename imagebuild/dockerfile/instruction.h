// The instructions of a Dockerfile as values. Words are as they stand in the file, with quotes and variables: who
// executes an instruction expands them with the variables of that moment.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "imagebuild/dockerfile/heredoc.h"
#include "imagebuild/dockerfile/problem.h"

namespace kontain::image::dockerfile {

struct Assignment {
  std::string name;
  std::string value;
};

struct From {
  std::string image;
  std::string stage;     // behind AS, lower case; empty when there is none
  std::string platform;  // --platform
};

struct Arg {
  struct One {
    std::string name;
    std::optional<std::string> value;
  };
  std::vector<One> all;
};

struct Env {
  std::vector<Assignment> all;
};

struct Label {
  std::vector<Assignment> all;
};

// What a program is started with: words (the exec form), or one text for the shell.
struct CommandLine {
  bool shell = false;
  std::vector<std::string> words;  // one, when it is for the shell
};

enum class RunNetwork { Default, None, Host };

struct Run {
  CommandLine command;
  std::vector<Heredoc> heredocs;
  RunNetwork network = RunNetwork::Default;
};

struct Cmd {
  CommandLine command;
};

struct Entrypoint {
  CommandLine command;
};

// COPY and ADD.
struct Copy {
  bool add = false;
  std::vector<std::string> sources;
  std::vector<Heredoc> inline_files;
  std::string destination;
  std::string from, chown, chmod;
  bool link = false;
  bool parents = false;
  std::optional<bool> unpack;        // ADD's; otherwise archives of the context are unpacked
  std::vector<std::string> exclude;  // patterns
};

struct Workdir {
  std::string path;
};

struct User {
  std::string name;
};

struct StopSignal {
  std::string signal;
};

struct Maintainer {
  std::string name;
};

struct Expose {
  std::vector<std::string> ports;
};

struct Volume {
  std::vector<std::string> paths;
};

struct Shell {
  std::vector<std::string> words;
};

// Times are nanoseconds, 0 is the default.
struct HealthProbe {
  bool none = false;
  CommandLine command;
  int64_t interval = 0, timeout = 0, start_period = 0, start_interval = 0;
  int64_t retries = 0;
};

struct OnBuild {
  std::string instruction;  // with its here-documents behind it
};

using Body = std::variant<From, Arg, Env, Label, Run, Cmd, Entrypoint, Copy, Workdir, User, StopSignal, Maintainer,
                          Expose, Volume, Shell, HealthProbe, OnBuild>;

struct Instruction {
  Body body;
  std::string text;  // the logical line
  Place place;       // of its first character
  Place arguments;   // of what follows the name and its options
  size_t last_line = 0;
};

struct Stage {
  From from;
  Place place;
  std::string text;
  std::vector<Instruction> instructions;  // without FROM
};

struct Dockerfile {
  char escape = '\\';
  std::vector<Instruction> global_args;  // ARG in front of the first FROM
  std::vector<Stage> stages;
  std::vector<Problem> warnings;
};

}  // namespace kontain::image::dockerfile
