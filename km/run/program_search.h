// From the name on the command line to a program that can be loaded: PATH, scripts, permission.
#pragma once

#include <string>
#include <vector>

#include "km/load/loader.h"

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

}  // namespace kontain::run
