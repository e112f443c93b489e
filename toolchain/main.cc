// Every program of the toolchain: one file that holds LLVM once. Which one it is, is said by the name it was called by.
#include <algorithm>
#include <string>
#include <string_view>

#include "base/log.h"
#include "linker/ld_main.h"
#include "toolchain/binutils.h"
#include "toolchain/gcc_main.h"

namespace kontain::toolchain {
namespace {

struct Tool {
  const char* program;    // under what name it speaks
  std::string_view name;  // what the file's name ends in, behind a dash or alone
  int (*run)(int argc, char** argv);
};

int run_gcc(int argc, char** argv) { return gcc_main(argc, argv, Language::C); }
int run_gxx(int argc, char** argv) { return gcc_main(argc, argv, Language::Cxx); }
int run_ld(int argc, char** argv) { return linker::ld_main({argv + 1, argv + argc}); }

// The links of toolchain/CMakeLists.txt.
constexpr Tool kTools[] = {
    {"kontain-gcc", "gcc", run_gcc},
    {"kontain-gcc", "cc", run_gcc},
    {"kontain-g++", "g++", run_gxx},
    {"kontain-g++", "c++", run_gxx},
    {"kontain-ld", "ld", run_ld},
    {"kontain-ar", "ar", run_ar},
    {"kontain-ranlib", "ranlib", run_ar},
    {"kontain-nm", "nm", run_nm},
    {"kontain-objcopy", "objcopy", run_objcopy},
    {"kontain-strip", "strip", run_objcopy},
    {"kontain-objdump", "objdump", run_objdump},
    {"kontain-readelf", "readelf", run_readelf},
    {"kontain-size", "size", run_size},
};

// "kontain-ar", "x86_64-linux-musl-ar" and "ar" are all ar; any other name is the compiler.
const Tool& tool_called(std::string_view path) {
  const std::string_view file = path.substr(path.rfind('/') + 1);
  const std::string_view name = file.substr(file.rfind('-') + 1);
  const auto* found = std::find_if(std::begin(kTools), std::end(kTools), [&](const Tool& t) { return t.name == name; });
  return found == std::end(kTools) ? kTools[0] : *found;
}

}  // namespace
}  // namespace kontain::toolchain

int main(int argc, char** argv) {
  using namespace kontain;
  const toolchain::Tool& tool = toolchain::tool_called(argc > 0 ? argv[0] : "");
  set_tool_name(tool.program);
  return tool.run(argc, argv);
}
