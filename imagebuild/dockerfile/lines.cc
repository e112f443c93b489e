#include "imagebuild/dockerfile/lines.h"

#include <algorithm>
#include <array>
#include <optional>

namespace kontain::image::dockerfile {
namespace {

constexpr std::string_view kBlanks = " \t\v\f\r";
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::array<std::string_view, 3> kDirectives = {"escape", "syntax", "check"};
// Instructions whose lines may start here-documents.
constexpr std::array<std::string_view, 4> kWithHeredocs = {"run", "copy", "add", "onbuild"};

struct Physical {
  std::string_view text;  // without its newline
  size_t number = 0;
};

bool is_blank(std::string_view text) { return text.find_first_not_of(kBlanks) == std::string_view::npos; }

bool is_comment(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlanks);
  return first != std::string_view::npos && text[first] == '#';
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  return out;
}

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// The physical lines one after the other.
class Cursor {
 public:
  explicit Cursor(std::string_view rest) : rest_(rest) {}

  std::optional<Physical> next() {
    if (rest_.empty()) return std::nullopt;
    const size_t end = rest_.find('\n');
    std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    return Physical{line, ++number_};
  }
  size_t number() const { return number_; }

 private:
  std::string_view rest_;
  size_t number_ = 0;
};

class Reader {
 public:
  explicit Reader(std::string_view source) : cursor_(source) {}

  Parsed<Lines> read() {
    while (auto line = cursor_.next()) {
      if (in_directives_) {
        TRY(directive(*line));
      }
      if (is_comment(line->text) || is_blank(line->text)) continue;
      TRY(instruction(*line));
    }
    return std::move(result_);
  }

 private:
  // Reads `line` as a directive, or ends the directives.
  Parsed<bool> directive(const Physical& line) {
    in_directives_ = false;
    std::string_view text = trimmed(line.text);
    if (!text.starts_with('#')) return false;
    text.remove_prefix(1);
    const size_t equals = text.find('=');
    if (equals == std::string_view::npos) return false;
    const std::string name = lower(trimmed(text.substr(0, equals)));
    const std::string_view value = trimmed(text.substr(equals + 1));
    if (value.empty() || std::find(kDirectives.begin(), kDirectives.end(), name) == kDirectives.end()) return false;
    const Place place{line.number, line.text.find(value, line.text.find('=')) + 1};
    if (std::find(seen_.begin(), seen_.end(), name) != seen_.end()) {
      return problem(place, "the directive '" + name + "' is given twice");
    }
    seen_.push_back(name);
    in_directives_ = true;
    return take_directive(name, value, place);
  }

  Parsed<bool> take_directive(const std::string& name, std::string_view value, Place place) {
    if (name == "syntax") result_.syntax = value;
    if (name != "escape") return true;
    if (value != "\\" && value != "`") return problem(place, "the escape character is either \\ or `");
    result_.escape = value[0];
    return true;
  }

  // The logical line that starts with `first`, with what it starts below.
  Parsed<bool> instruction(const Physical& first) {
    LogicalLine line;
    bool more = append(line, first, first.text.find_first_not_of(kBlanks));
    while (more) {
      const auto next = cursor_.next();
      if (!next) break;
      if (is_comment(next->text)) continue;
      if (is_blank(next->text)) {
        result_.warnings.push_back({{next->number, 0}, "an empty line inside an instruction"});
        continue;
      }
      more = append(line, *next, 0);
    }
    if (is_blank(line.text)) return true;
    TRY(take_heredocs(line));
    line.last_line = cursor_.number();
    result_.lines.push_back(std::move(line));
    return true;
  }

  // Adds a physical line from its byte `start` on; true when it is to be continued.
  bool append(LogicalLine& line, const Physical& physical, size_t start) {
    line.pieces.push_back({line.text.size(), {physical.number, start + 1}});
    std::string_view text = physical.text.substr(start);
    const size_t last = text.find_last_not_of(" \t");
    const bool more = last != std::string_view::npos && text[last] == result_.escape &&
                      (last == 0 || text[last - 1] != result_.escape);
    line.text += more ? text.substr(0, last) : text;
    return more;
  }

  Parsed<bool> take_heredocs(LogicalLine& line) {
    const std::string name = lower(line.text.substr(0, line.text.find_first_of(kBlanks)));
    if (std::find(kWithHeredocs.begin(), kWithHeredocs.end(), name) == kWithHeredocs.end()) return true;
    line.heredocs = heredocs_of(line.text, result_.escape);
    for (Heredoc& heredoc : line.heredocs) {
      if (!take_data(heredoc)) {
        const size_t at = line.text.find("<<");
        return problem(line.place_of(at), "this here-document has no end: no line is '" + heredoc.name + "'");
      }
    }
    return true;
  }

  bool take_data(Heredoc& heredoc) {
    while (const auto line = cursor_.next()) {
      std::string_view end = line->text;
      if (heredoc.chomp) end.remove_prefix(std::min(end.find_first_not_of('\t'), end.size()));
      if (end == heredoc.name) return true;
      heredoc.data += line->text;
      heredoc.data += '\n';
    }
    return false;
  }

  Cursor cursor_;
  bool in_directives_ = true;
  std::vector<std::string> seen_;
  Lines result_;
};

}  // namespace

Place LogicalLine::place_of(size_t offset) const {
  Place place;
  for (const Piece& piece : pieces) {
    if (piece.offset > offset) break;
    place = {piece.place.line, piece.place.column + (offset - piece.offset)};
  }
  return place;
}

Parsed<Lines> read_lines(std::string_view source) {
  if (source.size() > kMaxFileSize) return problem({}, "the file is too long");
  if (const size_t nul = source.find('\0'); nul != std::string_view::npos) {
    const auto line =
        1 + static_cast<size_t>(std::count(source.begin(), source.begin() + static_cast<long>(nul), '\n'));
    return problem({line, 0}, "there is a NUL byte: this is no text");
  }
  if (source.starts_with(kByteOrderMark)) source.remove_prefix(kByteOrderMark.size());
  return Reader(source).read();
}

}  // namespace kontain::image::dockerfile
