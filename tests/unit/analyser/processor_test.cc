#include "linker/analyser/processor.h"

#include <catch2/catch.hpp>
#include <initializer_list>
#include <string>

#include "linker/analyser/program.h"

namespace kontain::analyser {
namespace {

Extensions of(std::initializer_list<uint8_t> bytes) {
  ZydisDecoder decoder;
  ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
  ZydisDecodedInstruction instruction;
  REQUIRE(ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder, nullptr, bytes.begin(), bytes.size(), &instruction)));
  return extension_of(instruction);
}

}  // namespace

TEST_CASE("instructions belong to the extension that CPUID tells of") {
  CHECK(extension_name(of({0x0f, 0x0f, 0xc1, 0x9e})) == std::string("3DNow!"));               // pfadd mm0, mm1
  CHECK(extension_name(of({0xc5, 0xfc, 0x58, 0xc1})) == std::string("AVX"));                  // vaddps ymm
  CHECK(extension_name(of({0x62, 0xf1, 0x7c, 0x48, 0x58, 0xc1})) == std::string("AVX-512"));  // vaddps zmm
  CHECK(extension_name(of({0xf2, 0x0f, 0x38, 0xf0, 0xc0})) == std::string("SSE4.2"));         // crc32 eax, al
  CHECK(extension_name(of({0xc4, 0xe2, 0xfb, 0xf7, 0xc0})) == std::string("BMI2"));           // shrx
}

TEST_CASE("what every x86-64 processor executes belongs to none") {
  CHECK(of({0x48, 0x01, 0xd8}) == 0);        // add rax, rbx
  CHECK(of({0x0f, 0x58, 0xc1}) == 0);        // addps
  CHECK(of({0xf3, 0x0f, 0xbc, 0xc0}) == 0);  // tzcnt: BSF on old ones
  CHECK(of({0x0f, 0x05}) == 0);              // syscall
}

TEST_CASE("no running processor lacks what this test was compiled for") {
  CHECK((missing_here() & of({0xf2, 0x0f, 0xd0, 0xc1})) == 0);  // addsubps: SSE3, in every 64-bit processor for long
}

TEST_CASE("a library is read once, and what is not there is said") {
  CodeCache cache;
  const auto first = cache.load("/lib64/ld-linux-x86-64.so.2");
  REQUIRE(first);
  CHECK(cache.load("/lib64/ld-linux-x86-64.so.2")->get() == first->get());
  CHECK((*first)->functions.asks_processor());
  CHECK_FALSE(cache.load("/nonexistent"));
}

}  // namespace kontain::analyser
