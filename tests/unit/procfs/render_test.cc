// The formats are compared with what this machine's kernel writes about the test program itself.
#include "km/procfs/render.h"

#include <sys/mman.h>
#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <sstream>

namespace kontain::procfs {
namespace {

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// Reads one line of maps into data, apart from the renderer.
mem::MappingView parse(const std::string& line) {
  mem::MappingView view;
  char rights[5] = {};
  int name = 0;
  std::sscanf(line.c_str(), "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64 " %n", &view.start, &view.end,
              rights, &view.offset, &view.device_major, &view.device_minor, &view.inode, &name);
  if (rights[0] == 'r') view.protection |= PROT_READ;
  if (rights[1] == 'w') view.protection |= PROT_WRITE;
  if (rights[2] == 'x') view.protection |= PROT_EXEC;
  view.shared = rights[3] == 's';
  view.name = line.substr(static_cast<size_t>(name));
  return view;
}

Mappings parse_maps(const std::string& text) {
  Mappings mappings;
  for (const std::string& line : lines_of(text)) mappings.push_back(parse(line));
  return mappings;
}

TEST_CASE("maps is written as the kernel writes it") {
  const std::string text = read_file("/proc/self/maps");
  REQUIRE(text.find("[stack]") != std::string::npos);
  CHECK(render_maps(parse_maps(text)) == text);
}

TEST_CASE("maps of low addresses, odd names and shared memory") {
  mem::MappingView view;
  view.start = 0x400000;
  view.end = 0x401000;
  view.protection = PROT_READ | PROT_WRITE;
  view.shared = true;
  view.offset = 0x1000;
  view.device_major = 0xfe;
  view.inode = 5;
  view.name = "/a b (deleted)";
  CHECK(render_maps({view}) ==
        "00400000-00401000 rw-s 00001000 fe:00 5                                  /a b (deleted)\n");
  view.name.clear();
  CHECK(render_maps({view}) == "00400000-00401000 rw-s 00001000 fe:00 5 \n");
  CHECK(render_maps({}).empty());
}

// The lines of one smaps entry without values and flags.
std::string shape_of(const std::string& smaps) {
  std::string shape;
  for (const std::string& line : lines_of(smaps)) {
    if (!shape.empty() && line.find('-') != std::string::npos && line.find(' ') > line.find('-')) break;
    if (line.rfind("ProtectionKey", 0) == 0) continue;
    shape += line.substr(0, line.find_first_of(": ")) + "\n";
  }
  return shape.substr(shape.find('\n'));
}

TEST_CASE("smaps has the kernel's fields, in its order") {
  const std::string host = read_file("/proc/self/smaps");
  const std::string text = render_smaps(parse_maps(read_file("/proc/self/maps")), host);
  CHECK(shape_of(text) == shape_of(host));
  const std::string rollup = read_file("/proc/self/smaps_rollup");
  CHECK(shape_of(render_smaps_rollup(parse_maps(read_file("/proc/self/maps")), host)) == shape_of(rollup));
}

constexpr char kHostSmaps[] =
    "00400000-00404000 r--p 00000000 00:00 0 \n"
    "Size:                 16 kB\nRss:                   8 kB\nPss:                   4 kB\n"
    "00408000-00409000 rw-p 00000000 00:00 0 \n"
    "Size:                  4 kB\nRss:                   4 kB\nPss:                   4 kB\n"
    "7f0000000000-7f0000100000 rw-p 00000000 00:00 0 \nRss:                1024 kB\n";

mem::MappingView mapping(uint64_t start, uint64_t end) {
  mem::MappingView view;
  view.start = start;
  view.end = end;
  view.protection = PROT_READ;
  return view;
}

TEST_CASE("smaps counts what lies in the payload's mappings only") {
  const std::string text = render_smaps({mapping(0x400000, 0x402000), mapping(0x408000, 0x409000)}, kHostSmaps);
  CHECK(text.find("00400000-00402000 r--p 00000000 00:00 0 \nSize:                  8 kB\n") == 0);
  CHECK(text.find("Rss:                   4 kB\nPss:                   2 kB\n") != std::string::npos);
  CHECK(text.find("1024") == std::string::npos);
  const std::string rollup =
      render_smaps_rollup({mapping(0x400000, 0x404000), mapping(0x408000, 0x409000)}, kHostSmaps);
  CHECK(rollup.rfind("00400000-00409000 ---p 00000000 00:00 0                                  [rollup]\n"
                     "Rss:                  12 kB\nPss:                   8 kB\n",
                     0) == 0);
}

ProcessFacts facts() {
  ProcessFacts facts;
  facts.mapped = 64 << 20;
  facts.data = 1 << 20;
  facts.stack = 8 << 20;
  facts.executable = 2 << 20;
  facts.stack_limit = 7777;
  facts.start_code = 1001;
  facts.argument_start = 4001;
  facts.environment_end = 4004;
  facts.threads = 3;
  facts.blocked = 0x1'0000'0002;
  facts.ignored = 4;
  facts.caught = 8;
  return facts;
}

TEST_CASE("status keeps the host's lines and replaces what is the payload's") {
  const std::string host = read_file("/proc/self/status");
  const std::string text = render_status(host, facts());
  const auto before = lines_of(host);
  const auto after = lines_of(text);
  REQUIRE(before.size() == after.size());
  for (size_t i = 0; i < before.size(); ++i) {
    CHECK(before[i].substr(0, before[i].find(':')) == after[i].substr(0, after[i].find(':')));
  }
  CHECK(before[0] == after[0]);
  CHECK(text.find("VmSize:\t   65536 kB\n") != std::string::npos);
  CHECK(text.find("VmData:\t    1024 kB\n") != std::string::npos);
  CHECK(text.find("SigBlk:\t0000000100000002\n") != std::string::npos);
  CHECK(text.find("SigIgn:\t0000000000000004\n") != std::string::npos);
  CHECK(text.find("Threads:\t3\n") != std::string::npos);
  CHECK(text.find("Seccomp:\t0\n") != std::string::npos);
}

TEST_CASE("status shows no more resident memory than is mapped") {
  ProcessFacts little = facts();
  little.mapped = 4096;
  CHECK(render_status("VmRSS:\t    9000 kB\n", little) == "VmRSS:\t       4 kB\n");
}

TEST_CASE("stat is taken apart behind the name, whatever that is") {
  const std::string host =
      "7 (a) b (c) R 1 2 3 0 -1 4194304 61 0 0 0 0 0 0 0 20 0 2 0 17 5000000 99 18 2 3 4 5 6 0 9 9 9 0 0 0 17 0 0 0 0 "
      "0 "
      "0 7 8 9 10 11 12 13 0\n";
  const std::string text = render_stat(host, facts());
  CHECK(text.rfind("7 (a) b (c) R 1 2 3 0 -1 4194304 61 ", 0) == 0);
  CHECK(text.back() == '\n');
  CHECK(stat_field(text, 20) == 3);
  CHECK(stat_field(text, 23) == 64 << 20);
  CHECK(stat_field(text, 24) == 99);
  CHECK(stat_field(text, 25) == 7777);
  CHECK(stat_field(text, 26) == 1001);
  CHECK(stat_field(text, 32) == 2);
  CHECK(stat_field(text, 34) == 8);
  CHECK(stat_field(text, 48) == 4001);
  CHECK(stat_field(text, 51) == 4004);
  CHECK(lines_of(text)[0].size() > 0);
  CHECK(stat_field(text, 53) == 0);
  CHECK(render_stat("", facts()).find('\n') != std::string::npos);
}

TEST_CASE("of another process nothing but the number of threads is replaced") {
  CHECK(render_foreign_status("Name:\tx\nThreads:\t7\nSeccomp:\t2\n", 3) == "Name:\tx\nThreads:\t3\nSeccomp:\t2\n");
  const std::string host = "7 (a) b (c) R 1 2 3 0 -1 4194304 61 0 0 0 0 0 0 0 20 0 2 0 17\n";
  CHECK(render_foreign_stat(host, 1) == "7 (a) b (c) R 1 2 3 0 -1 4194304 61 0 0 0 0 0 0 0 20 0 1 0 17\n");
  CHECK(render_foreign_stat("7 (x) R\n", 1) == "7 (x) R\n");
}

TEST_CASE("a thread's name in stat is what is in the outer parentheses") {
  CHECK(stat_name("7 (a) b (c) R 1") == "a) b (c");
  CHECK(stat_name("7 () R") == "");
  CHECK(stat_name("") == "");
  CHECK(stat_name(")(") == "");
}

TEST_CASE("statm is seven numbers of pages") {
  CHECK(render_statm("99999 200 100 3 0 50 0\n", facts()) == "16384 200 100 512 0 2304 0\n");
  CHECK(render_statm("", facts()) == "16384 0 0 512 0 2304 0\n");
}

TEST_CASE("limits is written as the kernel writes it") {
  std::array<rlimit, RLIM_NLIMITS> limits{};
  for (size_t i = 0; i < limits.size(); ++i) getrlimit(static_cast<__rlimit_resource>(i), &limits[i]);
  CHECK(render_limits(limits) == read_file("/proc/self/limits"));
}

}  // namespace
}  // namespace kontain::procfs
