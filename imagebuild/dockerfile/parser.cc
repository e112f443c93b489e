#include "imagebuild/dockerfile/parser.h"

#include <algorithm>
#include <set>

#include "imagebuild/dockerfile/instruction_parsers.h"
#include "imagebuild/dockerfile/lines.h"

namespace kontain::image::dockerfile {
namespace {

// Distributes instructions on stages.
class Builder {
 public:
  Parsed<bool> add(Instruction instruction) {
    if (std::holds_alternative<From>(instruction.body)) return begin_stage(std::move(instruction));
    if (!file_.stages.empty()) {
      file_.stages.back().instructions.push_back(std::move(instruction));
      return true;
    }
    if (!std::holds_alternative<Arg>(instruction.body)) {
      return problem(instruction.place, "no stage yet: only ARG may stand in front of the first FROM");
    }
    file_.global_args.push_back(std::move(instruction));
    return true;
  }

  Parsed<Dockerfile> finish(Lines& lines) {
    if (file_.stages.empty()) return problem({}, "there is no FROM in it");
    file_.escape = lines.escape;
    file_.warnings = std::move(lines.warnings);
    return std::move(file_);
  }

 private:
  Parsed<bool> begin_stage(Instruction instruction) {
    From from = std::get<From>(std::move(instruction.body));
    if (!from.stage.empty() && !names_.insert(from.stage).second) {
      return problem(instruction.place, "there are two stages '" + from.stage + "'");
    }
    file_.stages.push_back({std::move(from), instruction.place, std::move(instruction.text), {}});
    return true;
  }

  Dockerfile file_;
  std::set<std::string> names_;
};

}  // namespace

Parsed<Dockerfile> parse(std::string_view source) {
  TRY_ASSIGN(Lines lines, read_lines(source));
  Builder builder;
  for (const LogicalLine& line : lines.lines) {
    TRY_ASSIGN(Instruction instruction, parse_instruction(line, lines.escape));
    TRY(builder.add(std::move(instruction)));
  }
  return builder.finish(lines);
}

Parsed<Instruction> parse_trigger(std::string_view text) {
  TRY_ASSIGN(const Lines lines, read_lines(text));
  if (lines.lines.size() != 1) return problem({}, "an ONBUILD trigger is one instruction");
  TRY_ASSIGN(Instruction instruction, parse_instruction(lines.lines[0], lines.escape));
  const auto& body = instruction.body;
  if (std::holds_alternative<From>(body) || std::holds_alternative<OnBuild>(body)) {
    return problem({}, "an ONBUILD trigger cannot be FROM or ONBUILD");
  }
  return instruction;
}

}  // namespace kontain::image::dockerfile
