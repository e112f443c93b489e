// The fuzz cases with seeds that are right, and with every one of a few thousand small changes to them.
#include <catch2/catch.hpp>
#include <functional>
#include <random>
#include <vector>

#include "tests/fuzz/image_case.h"
#include "tests/fuzz/image_seeds.h"

namespace kontain::image {
namespace {

void mutate(const std::vector<std::string>& seeds, int rounds, const std::function<void(std::string_view)>& run) {
  std::mt19937 random(20240229);  // the same changes in every run
  const auto below = [&](size_t limit) { return std::uniform_int_distribution<size_t>(0, limit - 1)(random); };
  for (const std::string& seed : seeds) {
    run(seed);
    for (int i = 0; i < rounds; ++i) {
      std::string text = seed;
      for (size_t changes = 1 + below(4); changes > 0 && !text.empty(); --changes) {
        const size_t at = below(text.size());
        switch (below(4)) {
          case 0: text[at] = static_cast<char>(below(256)); break;
          case 1: text.erase(at, 1 + below(8)); break;
          case 2: text.insert(at, text.substr(below(text.size()), below(40))); break;
          default: text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
        }
      }
      run(text);
    }
  }
}

TEST_CASE("changed documents are accepted as they are or refused") { mutate(documents_seeds(), 3000, fuzz_documents); }

TEST_CASE("changed layers never leave their folder") { mutate(layer_seeds(), 400, fuzz_layer); }

TEST_CASE("changed replies of registries are read or refused") { mutate(registry_seeds(), 3000, fuzz_registry); }

TEST_CASE("changed databases and archives are read or refused") { mutate(contents_seeds(), 400, fuzz_contents); }

}  // namespace
}  // namespace kontain::image
