#include "km/elf/names.h"

#include <elf.h>

#include <string_view>

namespace kontain::elf {
namespace {

struct Name {
  uint16_t value;
  std::string_view text;
};

constexpr uint16_t kLoongArch = 258;  // missing from older elf.h

// The processors a user may meet, by the value of e_machine (gABI chapter 4, "e_machine").
constexpr Name kMachines[] = {
    {EM_NONE, "none"},
    {EM_SPARC, "SPARC"},
    {EM_386, "Intel 80386"},
    {EM_68K, "Motorola 68000"},
    {EM_IAMCU, "Intel MCU"},
    {EM_MIPS, "MIPS"},
    {EM_PARISC, "PA-RISC"},
    {EM_SPARC32PLUS, "SPARC v8+"},
    {EM_PPC, "PowerPC"},
    {EM_PPC64, "64-bit PowerPC"},
    {EM_S390, "IBM S/390"},
    {EM_ARM, "ARM"},
    {EM_SH, "SuperH"},
    {EM_SPARCV9, "SPARC v9"},
    {EM_IA_64, "Itanium"},
    {EM_X86_64, "x86-64"},
    {EM_VAX, "VAX"},
    {EM_AVR, "AVR"},
    {EM_XTENSA, "Xtensa"},
    {EM_ALTERA_NIOS2, "Nios II"},
    {EM_TI_C6000, "TI C6000"},
    {EM_TILEGX, "TILE-Gx"},
    {EM_MICROBLAZE, "MicroBlaze"},
    {EM_QDSP6, "Hexagon"},
    {EM_AARCH64, "AArch64"},
    {EM_CUDA, "NVIDIA CUDA"},
    {EM_AMDGPU, "AMD GPU"},
    {EM_RISCV, "RISC-V"},
    {EM_BPF, "Linux BPF"},
    {EM_CSKY, "C-SKY"},
    {kLoongArch, "LoongArch"},
    {EM_ALPHA, "Alpha"},
};

}  // namespace

std::string machine_name(uint16_t e_machine) {
  for (const Name& name : kMachines) {
    if (name.value == e_machine) return std::string(name.text);
  }
  return "machine " + std::to_string(e_machine);
}

std::string type_name(uint16_t e_type) {
  switch (e_type) {
    case ET_NONE: return "of no type";
    case ET_REL: return "an object file";
    case ET_EXEC: return "an executable";
    case ET_DYN: return "a shared object";
    case ET_CORE: return "a core dump";
    default: return "of type " + std::to_string(e_type);
  }
}

}  // namespace kontain::elf
