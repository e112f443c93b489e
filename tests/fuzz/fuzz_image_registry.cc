#include <cstdint>

#include "tests/fuzz/image_case.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  kontain::image::fuzz_registry({reinterpret_cast<const char*>(data), size});
  return 0;
}
