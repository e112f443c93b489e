#include "linker/ld_main.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/version.h"
#include "linker/link.h"
#include "linker/response_file.h"
#include "linker/sdk.h"

namespace kontain::linker {
namespace {

constexpr char kHelp[] =
    R"(Usage: kontain-ld [options] file...
Links x86-64 ELF files as ld(1) does. Executables get the Kontain note and also run natively.

  -static-pie          static, position independent, relocates itself (what kontain-gcc asks for)
  (nothing), -no-pie   static, at the fixed address 2 MiB
  --dynamic-linker=FILE
                       linked with shared libraries, loaded by FILE; with -pie position independent
  -shared, -r, -o FILE, -l LIB, -L DIR, -T SCRIPT, -z KEYWORD,
  --gc-sections, --build-id, --version-script=FILE, -Map=FILE, @FILE, ...
                       as LLD's ld.lld has them; all of its options are accepted
  --kontain-check      warn also where it is not known which system call is made
  --no-kontain-check   no warnings about system calls that km refuses
  -v                   print the version, then link if there are files
  --version            print the version and end
  --help               print this text and end

The SDK's library directory is searched last, unless -nostdlib or --sysroot is given.
-shared and -r results get no note. Exit status: 0, or 1 after a message on stderr.
)";

bool has(const std::vector<std::string>& args, std::string_view option) {
  return std::find(args.begin(), args.end(), option) != args.end();
}

// Prints `text`. The value is the exit status.
Result<int> print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  if (std::fflush(stdout) != 0) return fail_errno("error", "standard output", errno);
  return 0;
}

std::string version_text() { return version_line("kontain-ld") + "\n" + lld_version_line() + "\n"; }

bool wants_sdk_libraries(const std::vector<std::string>& args) {
  return std::none_of(args.begin(), args.end(), [](const std::string& arg) {
    return arg == "-nostdlib" || arg == "--nostdlib" || arg.starts_with("--sysroot");
  });
}

Result<int> run(std::vector<std::string> args) {
  TRY_ASSIGN(args, expand_response_files(args));
  if (has(args, "--help") || has(args, "-help")) return print(kHelp);
  if (has(args, "--version") || has(args, "-V")) return print(version_text());
  if (std::erase(args, "-v") > 0) {
    TRY(print(version_text()));
    if (args.empty()) return 0;
  }
  if (wants_sdk_libraries(args)) {
    TRY_ASSIGN(const Sdk sdk, find_sdk());
    args.push_back("-L" + sdk.sysroot + "/usr/lib");
  }
  return link(args);
}

}  // namespace

int ld_main(const std::vector<std::string>& args) {
  const Result<int> status = run(args);
  if (status) return *status;
  print_error(status.error());
  return 1;
}

}  // namespace kontain::linker
