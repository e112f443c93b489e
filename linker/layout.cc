#include "linker/layout.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>

namespace kontain::linker {
namespace {

// ld(1) lets long options start with one or two dashes.
bool is_option(std::string_view arg, std::string_view name) {
  if (arg.starts_with("--")) return arg.substr(2) == name;
  return arg.starts_with("-") && arg.substr(1) == name;
}

template <size_t N>
bool is_one_of(std::string_view arg, const std::array<std::string_view, N>& names) {
  return std::any_of(names.begin(), names.end(), [&](std::string_view name) { return is_option(arg, name); });
}

constexpr std::array<std::string_view, 3> kPie = {"pie", "pic-executable", "static-pie"};
constexpr std::array<std::string_view, 2> kNoPie = {"no-pie", "no-pic-executable"};
constexpr std::array<std::string_view, 2> kShared = {"shared", "Bshareable"};
constexpr std::array<std::string_view, 3> kRelocatable = {"r", "relocatable", "i"};
constexpr std::array<std::string_view, 2> kQuestion = {"version", "help"};
// Options whose value is the next argument and must not be taken for an option.
constexpr std::array<std::string_view, 18> kWithValue = {
    "o", "output", "z", "soname",         "h",    "rpath", "rpath-link", "e",      "entry",
    "L", "m",      "I", "dynamic-linker", "wrap", "u",     "Map",        "defsym", "version-script"};
// Options that place the image themselves.
constexpr std::array<std::string_view, 6> kPlacement = {"image-base", "Ttext",  "Ttext-segment",
                                                        "T",          "script", "section-start"};

bool places_image(const std::vector<std::string>& args) {
  return std::any_of(args.begin(), args.end(), [](const std::string& arg) {
    const std::string_view name = std::string_view(arg).substr(0, arg.find('='));
    return is_one_of(name, kPlacement) || (arg.starts_with("-T") && arg.size() > 2);
  });
}

bool names_loader(const std::vector<std::string>& args) {
  return std::any_of(args.begin(), args.end(), [](const std::string& arg) {
    return is_option(std::string_view(arg).substr(0, arg.find('=')), "dynamic-linker") || arg.starts_with("-I");
  });
}

std::string hexadecimal(uint64_t value) {
  char buffer[24];
  std::snprintf(buffer, sizeof buffer, "0x%llx", static_cast<unsigned long long>(value));
  return buffer;
}

}  // namespace

OutputKind output_kind(const std::vector<std::string>& args) {
  OutputKind kind = OutputKind::FixedExecutable;
  bool has_input = false;
  for (size_t i = 0; i < args.size(); ++i) {
    const std::string& arg = args[i];
    if (is_one_of(arg, kWithValue)) {
      ++i;
    } else if (is_one_of(arg, kQuestion)) {
      return OutputKind::Nothing;
    } else if (is_one_of(arg, kRelocatable)) {
      kind = OutputKind::Relocatable;
    } else if (is_one_of(arg, kShared)) {
      kind = OutputKind::SharedLibrary;
    } else if (is_one_of(arg, kPie)) {
      kind = OutputKind::PieExecutable;
    } else if (is_one_of(arg, kNoPie) && kind == OutputKind::PieExecutable) {
      kind = OutputKind::FixedExecutable;
    } else if (!arg.starts_with("-") || arg.starts_with("-l")) {
      has_input = true;
    }
  }
  return has_input ? kind : OutputKind::Nothing;
}

std::string output_path(const std::vector<std::string>& args) {
  std::string path = "a.out";
  for (size_t i = 0; i < args.size(); ++i) {
    const std::string& arg = args[i];
    if (is_option(arg, "o") || is_option(arg, "output")) {
      if (i + 1 < args.size()) path = args[i + 1];
    } else if (is_option(std::string_view(arg).substr(0, arg.find('=')), "output")) {
      path = arg.substr(arg.find('=') + 1);
    } else if (arg.starts_with("-o") && arg.size() > 2 && !is_option(arg, "oformat")) {
      path = arg.substr(2);
    }
    if (is_one_of(arg, kWithValue)) ++i;
  }
  return path;
}

std::vector<std::string> with_layout(const std::vector<std::string>& args) {
  const OutputKind kind = output_kind(args);
  std::vector<std::string> out;
  // LLD has no loader of its own to name, so an executable that names none could not be started with a shared library.
  if (is_executable(kind) && !names_loader(args)) out.push_back("-static");
  for (const std::string& arg : args) {
    if (is_option(arg, "static-pie")) {
      out.insert(out.end(), {"-pie", "--no-dynamic-linker", "-z", "text"});
    } else {
      out.push_back(arg);
    }
  }
  if (kind == OutputKind::FixedExecutable && !places_image(args)) {
    out.push_back("--image-base=" + hexadecimal(kFixedImageBase));
  }
  return out;
}

}  // namespace kontain::linker
