// LLD's library initialises every target that LLVM was built with. A static link must not carry them all, so here they
// are as functions that do nothing, except X86, which the archives provide.
#include <llvm/Config/llvm-config.h>
#include <llvm/Passes/PassPlugin.h>

// The lists paste the names together; passing them through a second macro first renames X86 out of the way.
#define X86 RenamedX86
#define EMPTY(name) \
  void name() {}
#define EMPTY_TARGET(name)                \
  EMPTY(LLVMInitialize##name##TargetInfo) \
  EMPTY(LLVMInitialize##name##Target)     \
  EMPTY(LLVMInitialize##name##TargetMC)
#define EMPTY_ASM_PRINTER(name) EMPTY(LLVMInitialize##name##AsmPrinter)
#define EMPTY_ASM_PARSER(name) EMPTY(LLVMInitialize##name##AsmParser)
#define EMPTY_DISASSEMBLER(name) EMPTY(LLVMInitialize##name##Disassembler)

extern "C" {
#define LLVM_TARGET(name) EMPTY_TARGET(name)
#include <llvm/Config/Targets.def>
#define LLVM_ASM_PRINTER(name) EMPTY_ASM_PRINTER(name)
#include <llvm/Config/AsmPrinters.def>
#define LLVM_ASM_PARSER(name) EMPTY_ASM_PARSER(name)
#include <llvm/Config/AsmParsers.def>
#define LLVM_DISASSEMBLER(name) EMPTY_DISASSEMBLER(name)
#include <llvm/Config/Disassemblers.def>
}

// Debian's archives were built with Polly registered; it is not linked.
llvm::PassPluginLibraryInfo getPollyPluginInfo() {
  return {LLVM_PLUGIN_API_VERSION, "no-polly", "0", [](llvm::PassBuilder&) {}};
}
