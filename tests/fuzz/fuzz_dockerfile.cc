// libFuzzer's entry for what reads a Dockerfile and .dockerignore: every instruction of a file that is accepted is also
// expanded, and every problem rendered.
#include <cstdint>
#include <string>

#include "imagebuild/context/ignore.h"
#include "imagebuild/dockerfile/parser.h"
#include "imagebuild/dockerfile/shell_words.h"

using namespace kontain::image;

namespace {

std::optional<std::string> variable(std::string_view name) {
  if (name.size() > 3) return std::nullopt;
  return std::string(name.size() * 3, 'v') + "/a.b";
}

void parse_dockerfile(const std::string& text) {
  const auto file = dockerfile::parse(text);
  if (!file) {
    if (dockerfile::render(file.error(), "Dockerfile", text).find('\0') != std::string::npos) __builtin_trap();
    return;
  }
  if (file->stages.empty()) __builtin_trap();
  const dockerfile::ShellWords words(file->escape);
  for (const auto& stage : file->stages) {
    for (const auto& instruction : stage.instructions) {
      if (instruction.place.line == 0 || instruction.last_line < instruction.place.line) __builtin_trap();
      static_cast<void>(words.expand(instruction.text, variable));
      static_cast<void>(words.expand_to_words(instruction.text, variable));
      const auto* trigger = std::get_if<dockerfile::OnBuild>(&instruction.body);
      if (trigger && file->escape == '\\') static_cast<void>(dockerfile::parse_trigger(trigger->instruction));
    }
  }
}

void parse_ignore(const std::string& text) {
  const auto list = context::IgnoreList::parse(text, "ignore");
  if (list) static_cast<void>(list->ignores(context::clean_path(text.substr(0, 200))));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data + 1), size - 1);
  if (data[0] % 4 == 0)
    parse_ignore(text);
  else
    parse_dockerfile(text);
  return 0;
}
