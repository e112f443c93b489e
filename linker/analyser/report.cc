#include "linker/analyser/report.h"

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace kontain::analyser {
namespace {

constexpr size_t kPlacesShown = 5;

std::string place(const Source& source) {
  return source.image.empty() ? source.function : source.image + ": " + source.function;
}

std::string_view support_of(const FoundCall& call) {
  return call.row ? abi::support_name(call.row->support) : "unknown";
}

std::string name_of(const FoundCall& call) {
  return call.row ? std::string(call.row->name) : "call " + std::to_string(call.number);
}

size_t count_of(const Report& report, abi::Support support) {
  size_t count = 0;
  for (const FoundCall& call : report.calls) count += call.row && call.row->support == support;
  return count;
}

std::string padded(std::string text, size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}

std::string call_line(const FoundCall& call) {
  std::string line = "    " + padded(std::string(support_of(call)), 8) + padded(name_of(call), 20) + place(call.source);
  if (call.row && !call.row->note.empty()) line.append("\n").append(32, ' ').append(call.row->note);
  return line + "\n";
}

const char* verdict_key(const Report& report) {
  switch (report.verdict()) {
    case Verdict::Runs: return "runs";
    case Verdict::RunsWithNotes: return "runs-with-notes";
    default: return "will-not-run";
  }
}

nlohmann::ordered_json source_as_json(const Source& source) {
  return {{"file", source.image}, {"symbol", source.function}};
}

nlohmann::ordered_json call_as_json(const FoundCall& call) {
  nlohmann::ordered_json out = {{"number", call.number}, {"name", name_of(call)}, {"support", support_of(call)}};
  out["note"] = call.row ? std::string(call.row->note) : "";
  out["file"] = call.source.image;
  out["symbol"] = call.source.function;
  out["learned"] = call.learned;
  return out;
}

nlohmann::ordered_json report_as_json(const Report& report) {
  nlohmann::ordered_json out = {{"path", report.path},
                                {"verdict", verdict_key(report)},
                                {"kind", report.kind},
                                {"interpreter", report.interpreter}};
  out["libraries"] = nlohmann::ordered_json::array();
  for (const Library& library : report.libraries)
    out["libraries"].push_back({{"name", library.name}, {"path", library.path}});
  out["calls"] = nlohmann::ordered_json::array();
  for (const FoundCall& call : report.calls) out["calls"].push_back(call_as_json(call));
  out["unknown"] = nlohmann::ordered_json::array();
  for (const Source& source : report.unknown) out["unknown"].push_back(source_as_json(source));
  out["notes"] = report.notes;
  out["problems"] = report.problems;
  return out;
}

}  // namespace

std::string verdict_text(const Report& report) {
  const char* subject = report.is_program ? "runs" : "usable";
  switch (report.verdict()) {
    case Verdict::Runs: return subject;
    case Verdict::RunsWithNotes: return std::string(subject) + ", with notes";
    default: return report.is_program ? "will not run" : "not usable";
  }
}

std::string report_as_text(const Report& report, Detail detail) {
  std::string out = escape_control(report.path) + ": " + verdict_text(report) + "\n  " + escape_control(report.kind);
  if (!report.interpreter.empty()) out += ", interpreter " + escape_control(report.interpreter);
  if (!report.libraries.empty()) out += ", " + std::to_string(report.libraries.size()) + " libraries";
  out += "\n";
  for (const std::string& problem : report.problems) out += "  problem: " + escape_control(problem) + "\n";
  for (const std::string& note : report.notes) out += "  note: " + escape_control(note) + "\n";
  if (!report.calls.empty()) {
    out += "  " + std::to_string(report.calls.size()) +
           " system calls: " + std::to_string(count_of(report, abi::Support::Full)) + " full, " +
           std::to_string(count_of(report, abi::Support::Partial)) + " partial, " +
           std::to_string(count_of(report, abi::Support::Refused)) + " refused\n";
  }
  for (const FoundCall& call : report.calls) {
    if (detail == Detail::AllCalls || !call.row || call.row->support != abi::Support::Full) out += call_line(call);
  }
  for (size_t i = 0; i < report.unknown.size() && (detail == Detail::AllCalls || i < kPlacesShown); ++i) {
    out += "    number not found   " + escape_control(place(report.unknown[i])) + "\n";
  }
  return out;
}

std::string reports_as_json(const std::vector<Report>& reports) {
  nlohmann::ordered_json out = nlohmann::ordered_json::array();
  for (const Report& report : reports) out.push_back(report_as_json(report));
  // Names in files may hold any bytes.
  return out.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace kontain::analyser
