// image_CASE_seeds DIRECTORY: a corpus to start fuzz_image_CASE from. The build says which case.
#include <span>

#include "tests/fuzz/image_seeds.h"
#include "tests/fuzz/write_seeds.h"

int main(int argc, char** argv) {
  std::vector<std::vector<std::byte>> seeds;
  for (const std::string& seed : kontain::image::KONTAIN_SEEDS()) {
    const auto bytes = std::as_bytes(std::span(seed));
    seeds.emplace_back(bytes.begin(), bytes.end());
  }
  return kontain::test::write_seeds(argv[0], argc, argv, seeds);
}
