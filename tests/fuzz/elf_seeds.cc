// elf_seeds DIRECTORY: writes the seeds as files into an existing directory.
#include <fstream>

#include "base/log.h"
#include "tests/fuzz/seeds.h"

int main(int argc, char** argv) {
  kontain::set_tool_name("elf_seeds");
  if (argc != 2) {
    kontain::print_error("usage: elf_seeds DIRECTORY");
    return 2;
  }
  int number = 0;
  for (const std::vector<std::byte>& seed : kontain::test::elf_seeds()) {
    const std::string path = std::string(argv[1]) + "/seed" + std::to_string(number++);
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char*>(seed.data()), static_cast<std::streamsize>(seed.size()));
    if (!file.flush()) {
      kontain::print_error(path + " cannot be written");
      return 1;
    }
  }
  return 0;
}
