// From a name or an opened file to a program that can be loaded: PATH, scripts, permission.
#pragma once

#include <string>
#include <vector>

#include "km/load/loader.h"
#include "km/task/lifecycle.h"

namespace kontain::run {

struct FoundProgram {
  load::Program program;
  std::vector<std::string> arguments;  // argv as the program will see it
  std::string executable_name;         // AT_EXECFN
  std::string executable;              // /proc/self/exe: absolute, without links
};

// Finds `name` as execvp(3) does, except that a name without a slash is looked for in the working directory first.
// `arguments` is the payload's argv; a script's interpreter takes its place in front.
load::Loaded<FoundProgram> find_program(const std::string& name, std::vector<std::string> arguments);

// The same where the names are an image's: `path` holds a slash, and no magic link of a procfs is followed on the way
// to it or to its interpreters.
load::Loaded<FoundProgram> find_program_of_image(const std::string& path, std::vector<std::string> arguments);

// The same for an execve of the payload: its file is open already, interpreters are opened by `request.open`. The
// file, the name and the arguments are taken out of `request`.
load::Loaded<FoundProgram> judge_program(task::ExecRequest& request);

}  // namespace kontain::run
