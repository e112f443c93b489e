#include <sys/resource.h>

#include <algorithm>
#include <charconv>
#include <cinttypes>
#include <cstdio>

#include "km/procfs/render.h"

namespace kontain::procfs {
namespace {

constexpr uint64_t kPage = 4096;

std::string_view next_line(std::string_view& text) {
  const size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

uint64_t first_number(std::string_view text) {
  uint64_t value = 0;
  const size_t digit = text.find_first_of("0123456789");
  if (digit != std::string_view::npos) std::from_chars(text.data() + digit, text.data() + text.size(), value);
  return value;
}

std::string size_line(std::string_view field, uint64_t kilobytes) {
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%s:\t%8" PRIu64 " kB", std::string(field).c_str(), kilobytes);
  return buffer.data();
}

std::string mask_line(std::string_view field, uint64_t mask) {
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%s:\t%016" PRIx64, std::string(field).c_str(), mask);
  return buffer.data();
}

std::string thread_line(uint64_t threads) { return "Threads:\t" + std::to_string(threads); }

// The payload's line for one line of the host's status.
std::string status_line(std::string_view line, const ProcessFacts& facts) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return std::string(line);
  const std::string_view field = line.substr(0, colon);
  const uint64_t mapped = facts.mapped >> 10;
  // The host counts the monitor's own pages too, a few MiB; no more than what the payload has mapped is shown.
  const auto at_most_mapped = [&] { return size_line(field, std::min(first_number(line), mapped)); };
  if (field == "VmPeak" || field == "VmSize") return size_line(field, mapped);
  if (field == "VmHWM" || field == "VmRSS" || field == "RssAnon" || field == "RssFile" || field == "RssShmem" ||
      field == "VmLck" || field == "VmSwap") {
    return at_most_mapped();
  }
  if (field == "VmData") return size_line(field, facts.data >> 10);
  if (field == "VmStk") return size_line(field, facts.stack >> 10);
  if (field == "VmExe") return size_line(field, facts.executable >> 10);
  if (field == "VmLib") return size_line(field, facts.libraries >> 10);
  if (field == "Threads") return thread_line(facts.threads);
  if (field == "SigBlk") return mask_line(field, facts.blocked);
  if (field == "SigIgn") return mask_line(field, facts.ignored);
  if (field == "SigCgt") return mask_line(field, facts.caught);
  if (field == "Seccomp" || field == "Seccomp_filters") return std::string(field) + ":\t0";
  return std::string(line);
}

// Fields of /proc/PID/stat by proc(5)'s numbers; the first two, pid and (comm), are never replaced.
constexpr size_t kFirstAfterName = 3;

void replace(std::vector<std::string>& fields, size_t number, uint64_t value) {
  const size_t index = number - kFirstAfterName;
  if (index < fields.size()) fields[index] = std::to_string(value);
}

uint64_t number_at(const std::vector<std::string>& fields, size_t number) {
  const size_t index = number - kFirstAfterName;
  return index < fields.size() ? first_number(fields[index]) : 0;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const size_t space = text.find_first_of(" \n");
    if (space != 0) words.emplace_back(text.substr(0, space));
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
  }
  return words;
}

// "7 (a name) ": a name may contain spaces and parentheses; what follows the last one is numbers.
size_t name_length(std::string_view stat) {
  const size_t end = stat.rfind(')');
  return end == std::string_view::npos ? 0 : end + 1;
}

std::string stat_text(std::string_view host_stat, const std::vector<std::string>& fields) {
  std::string text(host_stat.substr(0, name_length(host_stat)));
  for (const std::string& field : fields) text += ' ' + field;
  return text + '\n';
}

void replace_facts(std::vector<std::string>& fields, const ProcessFacts& facts) {
  replace(fields, 20, facts.threads);
  replace(fields, 23, facts.mapped);
  replace(fields, 24, std::min(number_at(fields, 24), facts.mapped / kPage));
  replace(fields, 25, facts.stack_limit);
  replace(fields, 26, facts.start_code);
  replace(fields, 27, facts.end_code);
  replace(fields, 28, facts.start_stack);
  replace(fields, 29, 0);  // kstkesp and kstkeip: 0 for everything that is not dumping core
  replace(fields, 30, 0);
  constexpr uint64_t kOldSignals = 0x7fffffff;  // the first 31, as the kernel shows them here
  replace(fields, 32, facts.blocked & kOldSignals);
  replace(fields, 33, facts.ignored & kOldSignals);
  replace(fields, 34, facts.caught & kOldSignals);
  replace(fields, 45, facts.start_data);
  replace(fields, 46, facts.end_data);
  replace(fields, 47, facts.start_break);
  replace(fields, 48, facts.argument_start);
  replace(fields, 49, facts.argument_end);
  replace(fields, 50, facts.environment_start);
  replace(fields, 51, facts.environment_end);
}

struct LimitRow {
  unsigned resource;
  const char* name;
  const char* unit;
};

// fs/proc/base.c: lnames.
constexpr LimitRow kLimitRows[] = {
    {RLIMIT_CPU, "Max cpu time", "seconds"},           {RLIMIT_FSIZE, "Max file size", "bytes"},
    {RLIMIT_DATA, "Max data size", "bytes"},           {RLIMIT_STACK, "Max stack size", "bytes"},
    {RLIMIT_CORE, "Max core file size", "bytes"},      {RLIMIT_RSS, "Max resident set", "bytes"},
    {RLIMIT_NPROC, "Max processes", "processes"},      {RLIMIT_NOFILE, "Max open files", "files"},
    {RLIMIT_MEMLOCK, "Max locked memory", "bytes"},    {RLIMIT_AS, "Max address space", "bytes"},
    {RLIMIT_LOCKS, "Max file locks", "locks"},         {RLIMIT_SIGPENDING, "Max pending signals", "signals"},
    {RLIMIT_MSGQUEUE, "Max msgqueue size", "bytes"},   {RLIMIT_NICE, "Max nice priority", nullptr},
    {RLIMIT_RTPRIO, "Max realtime priority", nullptr}, {RLIMIT_RTTIME, "Max realtime timeout", "us"},
};
static_assert(std::size(kLimitRows) == RLIM_NLIMITS);

std::string limit_text(rlim_t value) { return value == RLIM_INFINITY ? "unlimited" : std::to_string(value); }

std::string padded(std::string_view text, size_t width) {
  std::string result(text);
  if (result.size() < width) result.resize(width, ' ');
  return result + ' ';
}

}  // namespace

std::string render_status(std::string_view host_status, const ProcessFacts& facts) {
  std::string text;
  while (!host_status.empty()) text += status_line(next_line(host_status), facts) + '\n';
  return text;
}

uint64_t stat_field(std::string_view stat, size_t number) {
  return number_at(words_of(stat.substr(name_length(stat))), number);
}

std::string render_stat(std::string_view host_stat, const ProcessFacts& facts) {
  std::vector<std::string> fields = words_of(host_stat.substr(name_length(host_stat)));
  replace_facts(fields, facts);
  return stat_text(host_stat, fields);
}

std::string_view stat_name(std::string_view stat) {
  const size_t end = name_length(stat);
  const size_t start = stat.find('(');
  return end == 0 || start + 1 >= end ? "" : stat.substr(start + 1, end - start - 2);
}

std::string render_foreign_status(std::string_view host_status, uint64_t threads) {
  std::string text;
  while (!host_status.empty()) {
    const std::string_view line = next_line(host_status);
    text += (line.starts_with("Threads:") ? thread_line(threads) : std::string(line)) + '\n';
  }
  return text;
}

std::string render_foreign_stat(std::string_view host_stat, uint64_t threads) {
  std::vector<std::string> fields = words_of(host_stat.substr(name_length(host_stat)));
  replace(fields, 20, threads);
  return stat_text(host_stat, fields);
}

std::string render_statm(std::string_view host_statm, const ProcessFacts& facts) {
  std::vector<std::string> host = words_of(host_statm);
  host.resize(7, "0");
  const uint64_t pages = facts.mapped / kPage;
  const uint64_t resident = std::min(first_number(host[1]), pages);
  const uint64_t shared = std::min(first_number(host[2]), resident);
  std::string text;
  for (const uint64_t value :
       {pages, resident, shared, facts.executable / kPage, uint64_t{0}, (facts.data + facts.stack) / kPage}) {
    text += std::to_string(value) + ' ';
  }
  return text + "0\n";
}

std::string render_limits(const std::array<rlimit, RLIM_NLIMITS>& limits) {
  std::string text = padded("Limit", 25) + padded("Soft Limit", 20) + padded("Hard Limit", 20) + padded("Units", 10);
  text.pop_back();
  text += '\n';
  for (const LimitRow& row : kLimitRows) {
    const rlimit& limit = limits[row.resource];
    text += padded(row.name, 25) + padded(limit_text(limit.rlim_cur), 20) + padded(limit_text(limit.rlim_max), 20);
    if (row.unit) {
      text += padded(row.unit, 10);
      text.pop_back();
    }
    text += '\n';
  }
  return text;
}

}  // namespace kontain::procfs
