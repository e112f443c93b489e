// libFuzzer's entry for the analyser of `kontain check`.
#include "tests/fuzz/analyser_case.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  kontain::test::run_analyser_case({reinterpret_cast<const std::byte*>(data), size});
  return 0;
}
