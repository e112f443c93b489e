// Which extensions of x86-64 code uses, and which this processor has.
#pragma once

#include <Zydis/Zydis.h>

#include <cstdint>

namespace kontain::analyser {

// One bit for each row of the table in processor.cc.
using Extensions = uint64_t;

// The bit of the extension that `instruction` needs; 0 for what every x86-64 processor has, and for what old ones take
// for another instruction instead of refusing it.
Extensions extension_of(const ZydisDecodedInstruction& instruction);

// "AVX2"; `bit` is exactly one.
const char* extension_name(Extensions bit);

// Those that the processor does not have, or the kernel does not let programs use.
Extensions missing_here();

}  // namespace kontain::analyser
