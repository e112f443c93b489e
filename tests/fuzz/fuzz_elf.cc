// libFuzzer's entry for the ELF parser and the load plan.
#include "tests/fuzz/elf_case.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  kontain::test::run_elf_case({reinterpret_cast<const std::byte*>(data), size});
  return 0;
}
