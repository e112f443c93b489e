#include "km/config/option_table.h"

#include <charconv>

#include "km/repeat/clock.h"

namespace kontain::config {
namespace {

bool set_report(Options& options, Options::Action action, const std::string& format, bool markdown_allowed) {
  options.action = action;
  options.report_format = format.empty() ? "text" : format;
  return format.empty() || format == "text" || format == "json" || (markdown_allowed && format == "markdown");
}

bool set_switch(bool& target, const std::string& value) {
  target = value == "on";
  return value == "on" || value == "off";
}

bool set_huge_pages(Options& options, const std::string& value) {
  if (value == "auto") options.huge_pages = Options::HugePages::Auto;
  if (value == "on") options.huge_pages = Options::HugePages::On;
  if (value == "off") options.huge_pages = Options::HugePages::Off;
  return value == "auto" || value == "on" || value == "off";
}

bool set_calls(Options& options, const std::string& value) {
  if (value == "auto") options.calls = Options::Calls::Auto;
  if (value == "exit") options.calls = Options::Calls::Exit;
  if (value == "exitless") options.calls = Options::Calls::Exitless;
  if (value == "patched") options.calls = Options::Calls::Patched;
  return value == "auto" || value == "exit" || value == "exitless" || value == "patched";
}

bool set_trace(Options& options, const std::string& value) {
  if (value == "off") {
    options.trace_filter.reset();
  } else {
    options.trace_filter = value == "on" ? "" : value;
  }
  return true;
}

bool set_clock(Options& options, const std::string& value) {
  options.clock = repeat::parse_moment(value);
  return options.clock.has_value();
}

bool set_random_seed(Options& options, const std::string& value) {
  uint64_t seed = 0;
  const char* const end = value.data() + value.size();
  const auto parsed = std::from_chars(value.data(), end, seed);
  if (parsed.ec != std::errc() || parsed.ptr != end) return false;
  options.random_seed = seed;
  return true;
}

constexpr OptionRow kOptions[] = {
    {"trace", Value::Optional, "FILTER", JsonType::StringOrBool, kConfigFile | kAnnotation,
     "print system calls as strace(1) does: all, or those of FILTER (open,read,%file,!%memory)", set_trace},
    {"trace-file", Value::Required, "FILE", JsonType::String, kConfigFile, "write the trace to FILE, not to stderr",
     [](Options& options, const std::string& value) {
       options.trace_file = value;
       return !value.empty();
     }},
    {"thp", Value::Required, "auto|on|off", JsonType::String, kConfigFile | kAnnotation,
     "transparent huge pages for large anonymous mappings (default: auto)", set_huge_pages},
    {"calls", Value::Required, "auto|exit|exitless|patched", JsonType::String, kConfigFile | kAnnotation,
     "how system calls reach the monitor: by leaving the guest, or through memory where that is quicker, from replaced "
     "SYSCALL instructions too where those are slow (default: auto)",
     set_calls},
    {"randomize", Value::Required, "on|off", JsonType::Bool, kConfigFile | kAnnotation,
     "choose the payload's addresses at random, as Linux does (default: on)",
     [](Options& options, const std::string& value) { return set_switch(options.randomize, value); }},
    {"clock", Value::Required, "SECONDS[.FRACTION]", JsonType::StringOrNumber, kConfigFile | kAnnotation,
     "let the wall clock stand still at that time since 1970, and show no file as younger", set_clock},
    {"random-seed", Value::Required, "NUMBER", JsonType::StringOrNumber, kConfigFile | kAnnotation,
     "make what is random for the payload, addresses too, a function of NUMBER: for repeatable builds, not for keys",
     set_random_seed},
    {"argv0", Value::Required, "NAME", JsonType::None, kCommandLineOnly, "the payload's argv[0] (default: PROGRAM)",
     [](Options& options, const std::string& value) {
       options.argv0 = value;
       return true;
     }},
    {"config", Value::Required, "FILE", JsonType::None, kCommandLineOnly, "read options from a JSON file",
     [](Options&, const std::string& value) { return !value.empty(); }},
    {"syscalls", Value::Optional, "text|json|markdown", JsonType::None, kCommandLineOnly,
     "print every system call and how far it is supported",
     [](Options& options, const std::string& value) {
       return set_report(options, Options::Action::Syscalls, value, true);
     }},
    {"self-test", Value::Optional, "text|json", JsonType::None, kCommandLineOnly,
     "make a virtual machine and print what this host can do",
     [](Options& options, const std::string& value) {
       return set_report(options, Options::Action::SelfTest, value, false);
     }},
    {"version", Value::None, "", JsonType::None, kCommandLineOnly, "print the version",
     [](Options& options, const std::string&) {
       options.action = Options::Action::Version;
       return true;
     }},
    {"help", Value::None, "", JsonType::None, kCommandLineOnly, "print this text",
     [](Options& options, const std::string&) {
       options.action = Options::Action::Help;
       return true;
     }},
};

}  // namespace

std::span<const OptionRow> option_table() { return kOptions; }

const OptionRow* find_option(std::string_view name) {
  for (const OptionRow& row : kOptions) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

}  // namespace kontain::config
