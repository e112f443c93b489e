#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/fleet/kontainer.h"
#include "cli/fleet_verbs.h"
#include "cli/support/output.h"

namespace kontain::cli {
namespace {

struct StatsOptions {
  std::vector<std::string> names;
  double interval = 1;  // seconds
  int count = 0;        // 0: until interrupted
  bool json = false;
};

struct Sample {
  Kontainer kontainer;
  double cpu_percent = 0;  // of one processor, since the sample before
};

using Clock = std::chrono::steady_clock;

// Those of `now` that were there before too, with what they used in between.
std::vector<Sample> compare(const std::vector<Kontainer>& before, std::vector<Kontainer> now, double seconds) {
  std::vector<Sample> samples;
  for (Kontainer& kontainer : now) {
    for (const Kontainer& earlier : before) {
      if (earlier.pid != kontainer.pid || earlier.start_ticks != kontainer.start_ticks) continue;
      // Less than before: a process has ended whose time its parent did not take over.
      const double used =
          kontainer.cpu_ms > earlier.cpu_ms ? static_cast<double>(kontainer.cpu_ms - earlier.cpu_ms) : 0;
      samples.push_back({std::move(kontainer), used / 10 / seconds});
      break;
    }
  }
  return samples;
}

std::string percent_as_text(double percent) {
  const auto tenths = static_cast<int64_t>(percent * 10 + 0.5);
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
}

std::string as_text(const std::vector<Sample>& samples) {
  std::vector<std::vector<std::string>> rows = {{"PID", "ID", "PROGRAM", "CPU %", "MEMORY", "PROCESSES"}};
  for (const auto& [kontainer, cpu] : samples) {
    rows.push_back({std::to_string(kontainer.pid), kontainer.id.empty() ? "-" : kontainer.id, kontainer.program,
                    percent_as_text(cpu), bytes_as_text(kontainer.memory_bytes), std::to_string(kontainer.processes)});
  }
  return as_table(rows);
}

std::string as_json(const std::vector<Sample>& samples) {
  using Json = nlohmann::ordered_json;
  Json array = Json::array();
  for (const auto& [kontainer, cpu] : samples) {
    array.push_back({{"pid", kontainer.pid},
                     {"id", kontainer.id},
                     {"program", kontainer.program},
                     {"cpu_percent", cpu},
                     {"memory_bytes", kontainer.memory_bytes},
                     {"processes", kontainer.processes}});
  }
  return array.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<std::vector<Kontainer>> wanted(const std::vector<std::string>& names) {
  std::vector<Kontainer> all = find_kontainers();
  if (names.empty()) return all;
  std::vector<Kontainer> chosen;
  for (const std::string& name : names) {
    TRY_ASSIGN(Kontainer kontainer, pick(all, name));
    chosen.push_back(std::move(kontainer));
  }
  return chosen;
}

Result<int> stats(const StatsOptions& options) {
  TRY_ASSIGN(std::vector<Kontainer> before, wanted(options.names));
  auto taken = Clock::now();
  for (int i = 0; options.count == 0 || i < options.count; ++i) {
    std::this_thread::sleep_for(std::chrono::duration<double>(options.interval));
    TRY_ASSIGN(std::vector<Kontainer> now, wanted(options.names));
    const auto time = Clock::now();
    const auto samples = compare(before, now, std::chrono::duration<double>(time - taken).count());
    TRY(print(options.json ? as_json(samples) : as_text(samples)));
    before = std::move(now);
    taken = time;
  }
  return 0;
}

}  // namespace

void add_stats(CLI::App& app, int& status) {
  CLI::App* verb = app.add_subcommand("stats", "Show what running kontainers use, again and again");
  auto options = std::make_shared<StatsOptions>();
  verb->add_option("kontainer", options->names, "Ids, or process ids of their first process (default: all)");
  verb->add_option("-i,--interval", options->interval, "Seconds between two reports (default: 1)")
      ->check(CLI::Range(0.05, 86400.0));
  verb->add_option("-n,--count", options->count, "End after so many reports")->check(CLI::Range(1, 1'000'000'000));
  verb->add_flag("--json", options->json, "Print an array of objects, one a line");
  verb->callback([options, &status] { status = exit_status(stats(*options)); });
}

}  // namespace kontain::cli
