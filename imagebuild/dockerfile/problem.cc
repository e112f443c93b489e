#include "imagebuild/dockerfile/problem.h"

#include <algorithm>

#include "base/text.h"

namespace kontain::image::dockerfile {
namespace {

constexpr size_t kShownWidth = 100;  // bytes of a line that are shown

std::string_view line_of(std::string_view source, size_t number) {
  for (size_t line = 1; line < number; ++line) {
    const size_t end = source.find('\n');
    if (end == std::string_view::npos) return {};
    source.remove_prefix(end + 1);
  }
  source = source.substr(0, source.find('\n'));
  if (!source.empty() && source.back() == '\r') source.remove_suffix(1);
  return source;
}

// How many columns a terminal gives to escaped text: a UTF-8 sequence is one.
size_t width(std::string_view escaped) {
  return static_cast<size_t>(std::count_if(escaped.begin(), escaped.end(),
                                           [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

// Tabs are shown as one blank, so that the caret stands where it should.
std::string shown(std::string_view text) {
  std::string blanks(text);
  std::replace(blanks.begin(), blanks.end(), '\t', ' ');
  return escape_control(blanks);
}

}  // namespace

tl::unexpected<Problem> problem(Place place, std::string text) {
  return tl::make_unexpected(Problem{place, std::move(text)});
}

std::string render(const Problem& what, std::string_view file_name, std::string_view source) {
  std::string out = escape_control(file_name);
  if (what.place.line == 0) return out + ": " + escape_control(what.text);
  const std::string number = std::to_string(what.place.line);
  out += ":" + number;
  if (what.place.column != 0) out += ":" + std::to_string(what.place.column);
  out += ": " + escape_control(what.text);
  std::string_view line = line_of(source, what.place.line);
  size_t caret = what.place.column == 0 ? 0 : std::min(what.place.column - 1, line.size());
  if (caret > kShownWidth / 2 && line.size() > kShownWidth) {
    const size_t cut = std::min(caret - kShownWidth / 2, line.size() - kShownWidth);
    line.remove_prefix(cut);
    caret -= cut;
  }
  line = line.substr(0, kShownWidth);
  out += "\n " + number + " | " + shown(line);
  if (what.place.column == 0) return out;
  out += "\n " + std::string(number.size(), ' ') + " | " + std::string(width(shown(line.substr(0, caret))), ' ') + "^";
  return out;
}

}  // namespace kontain::image::dockerfile
