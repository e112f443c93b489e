#include "toolchain/binutils.h"

#include <llvm/Debuginfod/BuildIDFetcher.h>
#include <llvm/Debuginfod/HTTPClient.h>
#include <llvm/Support/LLVMDriver.h>

#include <cstdio>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/version.h"

// toolchain/binutils/build.sh makes these of LLVM's sources.
int llvm_ar_main(int argc, char** argv, const llvm::ToolContext& context);
int llvm_nm_main(int argc, char** argv, const llvm::ToolContext& context);
int llvm_objcopy_main(int argc, char** argv, const llvm::ToolContext& context);
int llvm_objdump_main(int argc, char** argv, const llvm::ToolContext& context);
int llvm_readobj_main(int argc, char** argv, const llvm::ToolContext& context);
int llvm_size_main(int argc, char** argv, const llvm::ToolContext& context);

// LLVM's objdump could fetch debug information over the network. The SDK's does not, and carries no HTTP client.
namespace llvm {
bool canUseDebuginfod() { return false; }
void HTTPClient::initialize() {}
std::optional<std::string> DebuginfodFetcher::fetch(object::BuildIDRef) const { return std::nullopt; }
}  // namespace llvm

namespace kontain::toolchain {
namespace {

using LlvmMain = int (*)(int, char**, const llvm::ToolContext&);

int run(LlvmMain llvm_main, int argc, char** argv) {
  // LLVM's tools call themselves what argv[0] says, and ask it which of several tools they are.
  std::vector<char*> arguments(argv, argv + argc);
  arguments.push_back(nullptr);
  if (argc > 0) arguments[0] = const_cast<char*>(tool_name());
  if (argc == 2 && std::string_view(argv[1]) == "--version") std::printf("%s\n", version_line(tool_name()).c_str());
  std::fflush(stdout);
  return llvm_main(argc, arguments.data(), {tool_name(), nullptr, false});
}

}  // namespace

int run_ar(int argc, char** argv) { return run(llvm_ar_main, argc, argv); }
int run_nm(int argc, char** argv) { return run(llvm_nm_main, argc, argv); }
int run_objcopy(int argc, char** argv) { return run(llvm_objcopy_main, argc, argv); }
int run_objdump(int argc, char** argv) { return run(llvm_objdump_main, argc, argv); }
int run_readelf(int argc, char** argv) { return run(llvm_readobj_main, argc, argv); }
int run_size(int argc, char** argv) { return run(llvm_size_main, argc, argv); }

}  // namespace kontain::toolchain
