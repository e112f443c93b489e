// elf_seeds DIRECTORY: writes the seeds as files into an existing directory.
#include "tests/fuzz/seeds.h"
#include "tests/fuzz/write_seeds.h"

int main(int argc, char** argv) {
  return kontain::test::write_seeds("elf_seeds", argc, argv, kontain::test::elf_seeds());
}
