#include "toolchain/gcc_main.h"

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
#include "toolchain/options.h"

namespace kontain::toolchain {
namespace {

constexpr char kHelp[] =
    R"( [options] file...
Compiles C, C++ and assembly and links Kontain payloads: x86-64 ELF executables that run under km, and natively.
kontain-g++ links the C++ library. kontain-cc and kontain-c++ are other names.

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
  return version_line(tool_name()) + "\nclang version " LLVM_VERSION_STRING "\nTarget: x86_64-linux-musl\n";
}

// The SDK's own `name`, or `name` itself, as gcc answers for a program that it does not have.
std::string program_path(const linker::Sdk& sdk, const std::string& name) {
  const std::string path = sdk.bin + "/kontain-" + (name == "ld.lld" ? "ld" : name);
  return access(path.c_str(), X_OK) == 0 ? path : name;
}

Result<int> run(const std::vector<std::string>& raw_args, Language language) {
  TRY_ASSIGN(const std::vector<std::string> args, linker::expand_response_files(raw_args));
  TRY_ASSIGN(const linker::Sdk sdk, linker::find_sdk());
  TRY_ASSIGN(const CommandLine command_line, plan_command_line(args, sdk, language));
  switch (command_line.action) {
    case Action::Help: return print("Usage: " + std::string(tool_name()) + kHelp);
    case Action::Version: return print(version_text());
    case Action::PrintMachine: return print("x86_64-linux-musl\n");
    case Action::PrintProgram: return print(program_path(sdk, command_line.value) + "\n");
    case Action::PrintSysroot: return print(sdk.sysroot + "\n");
    case Action::PrintVersion: return print(LLVM_VERSION_STRING "\n");
    case Action::PrintDot: return print(".\n");
    case Action::PrintMultilibs: return print(".;\n");
    case Action::PrintOptions: return print(gcc_options_as_markdown());
    case Action::Compile: break;
  }
  if (command_line.verbose) std::fprintf(stderr, "%s\n", version_line(tool_name()).c_str());
  forget_search_paths();
  return run_driver(sdk, command_line.args);
}

bool is_tool(int argc, char** argv) { return argc > 1 && std::string_view(argv[1]).starts_with("-cc1"); }

}  // namespace

int gcc_main(int argc, char** argv, Language language) {
  initialise_target();
  if (is_tool(argc, argv)) return run_tool({argv, argv + argc});
  const Result<int> status = run({argv + 1, argv + argc}, language);
  if (status) return *status;
  print_error(status.error());
  return 1;
}

}  // namespace kontain::toolchain
