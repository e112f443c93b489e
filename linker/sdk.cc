#include "linker/sdk.h"

#include <filesystem>

namespace kontain::linker {

Sdk sdk_around(const std::string& bin_directory) {
  const std::filesystem::path root = std::filesystem::path(bin_directory).parent_path();
  return {.bin = bin_directory, .sysroot = root / "lib/kontain/sysroot", .clang = root / "lib/kontain/clang"};
}

Result<Sdk> find_sdk() {
  std::error_code error;
  const std::filesystem::path executable = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return fail_errno("error", "/proc/self/exe", error.value());
  return sdk_around(executable.parent_path());
}

}  // namespace kontain::linker
