// kontain-gcc: gcc(1) for Kontain payloads. Compiler, assembler and linker run in this one process.
#include <llvm/Config/llvm-config.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/version.h"
#include "linker/response_file.h"
#include "linker/sdk.h"
#include "toolchain/command_line.h"
#include "toolchain/driver.h"

namespace kontain::toolchain {
namespace {

constexpr char kHelp[] =
    R"(Usage: kontain-gcc [options] file...
Compiles C and assembly and links Kontain payloads: x86-64 ELF executables that run under km, and natively.

Kind of result:
  (nothing), -static-pie   static and position independent (the default)
  -no-pie, -static         static, at the fixed address 2 MiB
  -dynamic                 linked with musl's libc.so, loaded by /lib/ld-musl-x86_64.so.1; position independent,
                           or fixed together with -no-pie
  -shared                  a shared library
  -r                       one relocatable object
  -c, -S, -E               objects, assembly, preprocessed source

Frequently used:
  -o FILE  -x LANGUAGE  -std=STANDARD  -O0..-O3 -Os -Oz  -g  -W...  -f...  -m...
  -I DIR  -isystem DIR  -include FILE  -D NAME[=VALUE]  -U NAME  -M -MM -MD -MMD -MF FILE -MT NAME -MP
  -L DIR  -l LIB  -Wl,ARGS  -Xlinker ARG  -Wa,ARGS  -nostdlib  -nostdinc  -nostartfiles  @FILE
  -save-temps  -flto  -fsyntax-only  -

Questions:
  -v  -###                 show the commands while, or instead of, running them
  -dumpmachine  -dumpversion  -print-file-name=LIB  -print-prog-name=PROGRAM  -print-search-dirs
  -print-resource-dir  -print-libgcc-file-name  -print-sysroot  --version  --help

All other options of clang 19 for x86-64 Linux are passed on to it. Headers and libraries come from the SDK only:
CPATH, C_INCLUDE_PATH, LIBRARY_PATH and the like are ignored. Exit status: 0, or 1 after a message on stderr.
)";

Result<int> print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  if (std::fflush(stdout) != 0) return fail_errno("error", "standard output", errno);
  return 0;
}

std::string version_text() {
  return version_line("kontain-gcc") + "\nclang version " LLVM_VERSION_STRING "\nTarget: x86_64-linux-musl\n";
}

// The SDK's own `name`, or `name` itself, as gcc answers for a program that it does not have.
std::string program_path(const linker::Sdk& sdk, const std::string& name) {
  const std::string path = sdk.bin + "/kontain-" + (name == "ld.lld" ? "ld" : name);
  return access(path.c_str(), X_OK) == 0 ? path : name;
}

Result<int> run(const std::vector<std::string>& raw_args) {
  TRY_ASSIGN(const std::vector<std::string> args, linker::expand_response_files(raw_args));
  TRY_ASSIGN(const linker::Sdk sdk, linker::find_sdk());
  TRY_ASSIGN(const CommandLine command_line, plan_command_line(args, sdk));
  switch (command_line.action) {
    case Action::Help: return print(kHelp);
    case Action::Version: return print(version_text());
    case Action::PrintMachine: return print("x86_64-linux-musl\n");
    case Action::PrintProgram: return print(program_path(sdk, command_line.value) + "\n");
    case Action::PrintSysroot: return print(sdk.sysroot + "\n");
    case Action::Compile: break;
  }
  if (command_line.verbose) std::fprintf(stderr, "%s\n", version_line("kontain-gcc").c_str());
  forget_search_paths();
  return run_driver(sdk, command_line.args);
}

bool is_tool(int argc, char** argv) { return argc > 1 && std::string_view(argv[1]).starts_with("-cc1"); }

}  // namespace
}  // namespace kontain::toolchain

int main(int argc, char** argv) {
  using namespace kontain;
  set_tool_name("kontain-gcc");
  toolchain::initialise_target();
  if (toolchain::is_tool(argc, argv)) return toolchain::run_tool({argv, argv + argc});
  const Result<int> status = toolchain::run({argv + 1, argv + argc});
  if (status) return *status;
  print_error(status.error());
  return 1;
}
