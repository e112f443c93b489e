// What the programs that make a first corpus have in common.
#pragma once

#include <cstddef>
#include <fstream>
#include <string>
#include <vector>

#include "base/log.h"

namespace kontain::test {

// The main of `program DIRECTORY`: writes each seed to a file of its own. Returns the exit status.
inline int write_seeds(const char* program, int argc, char** argv, const std::vector<std::vector<std::byte>>& seeds) {
  set_tool_name(program);
  if (argc != 2) {
    print_error(std::string("usage: ") + program + " DIRECTORY");
    return 2;
  }
  int number = 0;
  for (const std::vector<std::byte>& seed : seeds) {
    const std::string path = std::string(argv[1]) + "/seed" + std::to_string(number++);
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char*>(seed.data()), static_cast<std::streamsize>(seed.size()));
    if (!file.flush()) {
      print_error(path + " cannot be written");
      return 1;
    }
  }
  return 0;
}

}  // namespace kontain::test
