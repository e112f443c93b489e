#include "linker/analyser/processor.h"

#include <cpuid.h>

#include <algorithm>
#include <array>
#include <bit>

namespace kontain::analyser {
namespace {

enum Register : uint8_t { Eax, Ebx, Ecx, Edx };

// An extension and where CPUID tells of it (Intel SDM volume 2A, CPUID; AMD APM volume 3, appendix E).
struct Row {
  ZydisISAExt extension;
  const char* name;
  uint32_t leaf;
  uint32_t subleaf;
  Register reg;
  uint8_t bit;
};

constexpr Row kRows[] = {
    {ZYDIS_ISA_EXT_SSE3, "SSE3", 1, 0, Ecx, 0},
    {ZYDIS_ISA_EXT_PCLMULQDQ, "PCLMULQDQ", 1, 0, Ecx, 1},
    {ZYDIS_ISA_EXT_SSSE3, "SSSE3", 1, 0, Ecx, 9},
    {ZYDIS_ISA_EXT_FMA, "FMA", 1, 0, Ecx, 12},
    {ZYDIS_ISA_EXT_SSE4, "SSE4.2", 1, 0, Ecx, 20},
    {ZYDIS_ISA_EXT_MOVBE, "MOVBE", 1, 0, Ecx, 22},
    {ZYDIS_ISA_EXT_AES, "AES", 1, 0, Ecx, 25},
    {ZYDIS_ISA_EXT_AVXAES, "AES", 1, 0, Ecx, 25},
    {ZYDIS_ISA_EXT_AVX, "AVX", 1, 0, Ecx, 28},
    {ZYDIS_ISA_EXT_F16C, "F16C", 1, 0, Ecx, 29},
    {ZYDIS_ISA_EXT_RDRAND, "RDRAND", 1, 0, Ecx, 30},
    {ZYDIS_ISA_EXT_RDWRFSGS, "FSGSBASE", 7, 0, Ebx, 0},
    {ZYDIS_ISA_EXT_BMI1, "BMI1", 7, 0, Ebx, 3},
    {ZYDIS_ISA_EXT_AVX2, "AVX2", 7, 0, Ebx, 5},
    {ZYDIS_ISA_EXT_AVX2GATHER, "AVX2", 7, 0, Ebx, 5},
    {ZYDIS_ISA_EXT_BMI2, "BMI2", 7, 0, Ebx, 8},
    {ZYDIS_ISA_EXT_RTM, "RTM", 7, 0, Ebx, 11},
    {ZYDIS_ISA_EXT_AVX512EVEX, "AVX-512", 7, 0, Ebx, 16},
    {ZYDIS_ISA_EXT_AVX512VEX, "AVX-512", 7, 0, Ebx, 16},
    {ZYDIS_ISA_EXT_RDSEED, "RDSEED", 7, 0, Ebx, 18},
    {ZYDIS_ISA_EXT_ADOX_ADCX, "ADX", 7, 0, Ebx, 19},
    {ZYDIS_ISA_EXT_CLFLUSHOPT, "CLFLUSHOPT", 7, 0, Ebx, 23},
    {ZYDIS_ISA_EXT_CLWB, "CLWB", 7, 0, Ebx, 24},
    {ZYDIS_ISA_EXT_SHA, "SHA", 7, 0, Ebx, 29},
    {ZYDIS_ISA_EXT_PKU, "PKU", 7, 0, Ecx, 4},
    {ZYDIS_ISA_EXT_WAITPKG, "WAITPKG", 7, 0, Ecx, 5},
    {ZYDIS_ISA_EXT_GFNI, "GFNI", 7, 0, Ecx, 8},
    {ZYDIS_ISA_EXT_VAES, "VAES", 7, 0, Ecx, 9},
    {ZYDIS_ISA_EXT_VPCLMULQDQ, "VPCLMULQDQ", 7, 0, Ecx, 10},
    {ZYDIS_ISA_EXT_RDPID, "RDPID", 7, 0, Ecx, 22},
    {ZYDIS_ISA_EXT_MOVDIR, "MOVDIR", 7, 0, Ecx, 27},
    {ZYDIS_ISA_EXT_SERIALIZE, "SERIALIZE", 7, 0, Edx, 14},
    {ZYDIS_ISA_EXT_AMX_BF16, "AMX", 7, 0, Edx, 24},
    {ZYDIS_ISA_EXT_AMX_INT8, "AMX", 7, 0, Edx, 24},
    {ZYDIS_ISA_EXT_AMX_TILE, "AMX", 7, 0, Edx, 24},
    {ZYDIS_ISA_EXT_AVX_VNNI, "AVX-VNNI", 7, 1, Eax, 4},
    {ZYDIS_ISA_EXT_SSE4A, "SSE4a", 0x80000001, 0, Ecx, 6},
    {ZYDIS_ISA_EXT_XOP, "XOP", 0x80000001, 0, Ecx, 11},
    {ZYDIS_ISA_EXT_FMA4, "FMA4", 0x80000001, 0, Ecx, 16},
    {ZYDIS_ISA_EXT_TBM, "TBM", 0x80000001, 0, Ecx, 21},
    {ZYDIS_ISA_EXT_AMD3DNOW, "3DNow!", 0x80000001, 0, Edx, 31},
};
static_assert(std::size(kRows) <= 64);

// The row of each value of ZydisISAExt, or nothing. A table, because every instruction of a program is looked up.
constexpr auto kBits = [] {
  std::array<Extensions, ZYDIS_ISA_EXT_MAX_VALUE + 1> bits{};
  for (size_t i = 0; i < std::size(kRows); ++i) bits[kRows[i].extension] = Extensions{1} << i;
  return bits;
}();

bool processor_says(const Row& row) {
  std::array<unsigned, 4> regs{};
  return __get_cpuid_count(row.leaf, row.subleaf, &regs[Eax], &regs[Ebx], &regs[Ecx], &regs[Edx]) != 0 &&
         (regs[row.reg] >> row.bit & 1) != 0;
}

// Registers that the kernel does not save are as good as absent; the compiler's runtime asks XGETBV.
bool kernel_saves_registers(ZydisISAExt extension) {
  switch (extension) {
    case ZYDIS_ISA_EXT_AVX512EVEX:
    case ZYDIS_ISA_EXT_AVX512VEX: return __builtin_cpu_supports("avx512f");
    case ZYDIS_ISA_EXT_AVX2:
    case ZYDIS_ISA_EXT_AVX2GATHER: return __builtin_cpu_supports("avx2");
    case ZYDIS_ISA_EXT_AVX: return __builtin_cpu_supports("avx");
    default: return true;
  }
}

}  // namespace

Extensions extension_of(const ZydisDecodedInstruction& instruction) {
  // Compilers use it on every processor: without BMI1 it is BSF, which differs for zero only.
  if (instruction.mnemonic == ZYDIS_MNEMONIC_TZCNT) return 0;
  return kBits[instruction.meta.isa_ext];
}

const char* extension_name(Extensions bit) { return kRows[std::countr_zero(bit)].name; }

Extensions missing_here() {
  static const Extensions missing = [] {
    __builtin_cpu_init();
    Extensions bits = 0;
    for (const Row& row : kRows) {
      if (!processor_says(row) || !kernel_saves_registers(row.extension)) bits |= kBits[row.extension];
    }
    return bits;
  }();
  return missing;
}

}  // namespace kontain::analyser
