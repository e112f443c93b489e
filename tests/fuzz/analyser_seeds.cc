// analyser_seeds DIRECTORY: writes the seeds as files into an existing directory.
#include "tests/fuzz/analyser_seeds.h"

#include "tests/fuzz/write_seeds.h"

int main(int argc, char** argv) {
  return kontain::test::write_seeds("analyser_seeds", argc, argv, kontain::test::analyser_seeds());
}
