#include "imagebuild/cli/invocation.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/log.h"

namespace kontain::image::cli {

Result<Store> Invocation::open_store() const {
  return Store::open(store_directory.empty() ? Store::default_directory() : store_directory);
}

CopyProgress Invocation::progress() const {
  if (quiet || !isatty(STDERR_FILENO)) return {};
  return [](const Descriptor& descriptor, bool done) {
    const std::string line =
        fmt::format("{} {} {}\n", done ? "done   " : "copying", descriptor.digest.brief(), human_size(descriptor.size));
    static_cast<void>(!write(STDERR_FILENO, line.data(), line.size()));
  };
}

FetchOptions Invocation::fetch_options() const {
  FetchOptions options;
  options.registry = registry;
  options.progress = progress();
  return options;
}

void add_common_options(CLI::App& app, Invocation& invocation) {
  app.add_option("--store", invocation.store_directory, "folder of the content store")->type_name("DIR");
  app.add_flag("--plain-http", invocation.registry.plain_http, "ask registries without TLS");
  app.add_option("--ca-file", invocation.registry.ca_file, "certificates of registries to trust")->type_name("FILE");
  app.add_flag("-q,--quiet", invocation.quiet, "no progress");
}

Result<void> print(const std::string& text) {
  FdSink sink(STDOUT_FILENO, "standard output");
  return sink.write(text);
}

std::string human_size(uint64_t bytes) {
  static constexpr const char* kUnits[] = {"B", "kB", "MB", "GB", "TB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1000 && unit + 1 < std::size(kUnits)) {
    value /= 1000;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

}  // namespace kontain::image::cli
