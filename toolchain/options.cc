#include "toolchain/options.h"

#include <algorithm>

namespace kontain::toolchain {
namespace {

constexpr GccOption kOptions[] = {
#define GCC_OPTION(spelling, treatment, note) {spelling, Treatment::treatment, note},
#include "toolchain/options.def"
#undef GCC_OPTION
};

bool matches(std::string_view spelling, std::string_view argument) {
  if (spelling.ends_with('*')) return argument.starts_with(spelling.substr(0, spelling.size() - 1));
  return argument == spelling;
}

constexpr std::string_view kIntroduction =
    R"(# Options of kontain-gcc and kontain-g++

Made by `kontain-gcc --kontain-options` from `toolchain/options.def`.

The programs take GCC's command line. What is special is listed here; `*` stands for any rest. All other options are
clang 19's for x86-64 Linux: it honours them, or says that it does not know them. Warnings that only GCC knows get one
line (`-Wunknown-warning-option`), which `-Werror` does not make an error.
)";

void append_section(std::string& out, std::string_view title, Treatment treatment) {
  out.append("\n## ").append(title).append("\n\n| option | |\n|---|---|\n");
  for (const GccOption& option : kOptions) {
    if (option.treatment != treatment) continue;
    out.append("| `").append(option.spelling).append("` | ").append(option.note).append(" |\n");
  }
}

}  // namespace

std::span<const GccOption> gcc_options() { return kOptions; }

const GccOption* find_gcc_option(std::string_view argument) {
  const auto* found = std::find_if(std::begin(kOptions), std::end(kOptions),
                                   [&](const GccOption& option) { return matches(option.spelling, argument); });
  return found == std::end(kOptions) ? nullptr : found;
}

std::string gcc_options_as_markdown() {
  std::string out(kIntroduction);
  append_section(out, "Honoured", Treatment::Honoured);
  append_section(out, "Accepted, without effect", Treatment::Ignored);
  append_section(out, "Refused, with the reason", Treatment::Refused);
  return out;
}

}  // namespace kontain::toolchain
