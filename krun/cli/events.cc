#include <poll.h>

#include <charconv>
#include <chrono>

#include "krun/cli/verbs.h"
#include "krun/container/verbs.h"

namespace kontain::krun::cli {
namespace {

// "5s", "500ms", "1m", or seconds.
Result<std::chrono::milliseconds> parse_interval(const std::string& text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string unit(end, text.data() + text.size());
  const int64_t factor = unit == "ms" ? 1 : unit == "m" ? 60'000 : unit == "h" ? 3'600'000 : 1000;
  const bool known = unit.empty() || unit == "ms" || unit == "s" || unit == "m" || unit == "h";
  if (error != std::errc() || !known || number <= 0 || number > 1'000'000) {
    return fail("--interval", text, "a duration such as 5s is expected");
  }
  return std::chrono::milliseconds(number * factor);
}

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

Result<void> print_statistics(const std::string& root, const std::string& id) {
  TRY_ASSIGN(const nlohmann::json data, container::statistics_of(root, id));
  print(dump({{"type", "stats"}, {"id", id}, {"data", data}}, -1));
  return {};
}

// Until `deadline`, or the end of the container: true.
bool report_out_of_memory(container::Watch& watch, const std::string& id, Clock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    pollfd entries[2] = {{watch.init.get(), POLLIN, 0}, {watch.oom ? watch.oom->fd() : -1, POLLIN, 0}};
    if (poll(entries, 2, static_cast<int>(left)) < 0) continue;
    const bool may_be_news = entries[0].revents || entries[1].revents;
    if (may_be_news && watch.oom && watch.oom->take()) print(dump({{"type", "oom"}, {"id", id}}, -1));
    if (entries[0].revents) return true;
  }
}

Result<int> show_events(const std::string& root, const std::string& id, milliseconds interval) {
  TRY_ASSIGN(container::Watch watch, container::watch_container(root, id));
  for (;;) {
    const auto deadline = Clock::now() + interval;
    if (auto printed = print_statistics(root, id); !printed) {
      // It may have ended just now.
      return report_out_of_memory(watch, id, Clock::now() + milliseconds(1)) ? Result<int>(0)
                                                                             : tl::make_unexpected(printed.error());
    }
    if (report_out_of_memory(watch, id, deadline)) return 0;
  }
}

}  // namespace

void add_events(CLI::App& app, Invocation& invocation) {
  CLI::App* verb =
      app.add_subcommand("events", "print what a container uses, again and again, and when memory runs out");
  auto id = std::make_shared<std::string>();
  auto interval = std::make_shared<std::string>("5s");
  auto once = std::make_shared<bool>(false);
  verb->add_option("--interval", *interval, "time between two reports");
  verb->add_flag("--stats", *once, "once");
  verb->add_option("ID", *id)->required();
  verb->callback([&invocation, id, interval, once] {
    invocation.run = [&invocation, id, interval, once]() -> Result<int> {
      TRY_ASSIGN(const auto time, parse_interval(*interval));
      if (!*once) return show_events(invocation.global.root, *id, time);
      TRY(print_statistics(invocation.global.root, *id));
      return 0;
    };
  });
}

}  // namespace kontain::krun::cli
