// tag, ls, rm, inspect, gc: what is in the store.
#include <fmt/format.h>

#include <algorithm>

#include "imagebuild/build/build_folder.h"
#include "imagebuild/cli/verbs.h"
#include "imagebuild/oci/json.h"
#include "imagebuild/transport/graph.h"

namespace kontain::image::cli {
namespace {

// Everything the image refers to; 0 when something is missing.
uint64_t total_size(const Store& store, const Descriptor& image) {
  const auto blobs = reachable(store, image);
  uint64_t size = 0;
  for (const Descriptor& blob : blobs ? *blobs : std::vector<Descriptor>{}) size += blob.size;
  return size;
}

Result<int> run_ls(const Invocation& invocation, const std::string& format) {
  TRY_ASSIGN(const Store store, invocation.open_store());
  TRY_ASSIGN(const std::vector<NamedImage> images, store.list());
  if (format == "json") {
    nlohmann::json list = nlohmann::json::array();
    for (const NamedImage& image : images) {
      list.push_back({{"name", image.name},
                      {"digest", image.descriptor.digest.text()},
                      {"mediaType", image.descriptor.media_type},
                      {"size", total_size(store, image.descriptor)}});
    }
    TRY(print(list.dump(2) + "\n"));
    return 0;
  }
  size_t width = 4;
  for (const NamedImage& image : images) width = std::max(width, image.name.size());
  std::string text = fmt::format("{:{}}  {:12}  {:>9}\n", "NAME", width, "DIGEST", "SIZE");
  for (const NamedImage& image : images) {
    text += fmt::format("{:{}}  {:12}  {:>9}\n", image.name, width, image.descriptor.digest.brief(),
                        human_size(total_size(store, image.descriptor)));
  }
  TRY(print(text));
  return 0;
}

Result<nlohmann::json> inspect_image(const Store& store, const Descriptor& image) {
  nlohmann::json facts = {
      {"digest", image.digest.text()}, {"mediaType", image.media_type}, {"size", total_size(store, image)}};
  if (media_type(image.media_type).kind == MediaKind::Index) {
    TRY_ASSIGN(const std::string text, store.read_blob(image));
    TRY_ASSIGN(facts["index"], parse_json(text, "index"));
  }
  TRY_ASSIGN(const Descriptor selected, store.select_platform(image));
  TRY_ASSIGN(const Manifest manifest, store.manifest(selected));
  TRY_ASSIGN(const std::string config_text, store.read_blob(manifest.config));
  TRY_ASSIGN(const std::string manifest_text, store.read_blob(selected));
  TRY_ASSIGN(facts["manifest"], parse_json(manifest_text, "manifest"));
  TRY_ASSIGN(facts["config"], parse_json(config_text, "image config"));
  return facts;
}

Result<int> run_inspect(const Invocation& invocation, const std::string& source, const std::string& what) {
  TRY_ASSIGN(const Store store, invocation.open_store());
  TRY_ASSIGN(const Store::Session session, store.begin());
  TRY_ASSIGN(const Imported image, fetch_image(store, source, invocation.fetch_options()));
  if (what == "raw") {
    TRY_ASSIGN(const std::string text, store.read_blob(image.descriptor));
    TRY(print(text));
    return 0;
  }
  TRY_ASSIGN(nlohmann::json facts, inspect_image(store, image.descriptor));
  if (what != "all") facts = facts[what];
  facts.is_object() && what == "all" ? facts["name"] = image.name : nlohmann::json();
  TRY(print(facts.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"));
  return 0;
}

Result<int> run_gc(const Invocation& invocation, int cache_days) {
  TRY_ASSIGN(const Store store, invocation.open_store());
  TRY_ASSIGN(const GcReport report, store.gc(std::chrono::hours(24) * cache_days));
  TRY(build::remove_abandoned_builds(store));
  TRY(print(fmt::format("removed {} blobs, {}; {} are in use\n", report.blobs, human_size(report.bytes), report.kept)));
  return 0;
}

}  // namespace

void add_ls(CLI::App& app, Invocation& invocation) {
  CLI::App* verb = app.add_subcommand("ls", "list the images of the store");
  auto format = std::make_shared<std::string>("table");
  verb->add_option("--format", *format, "table or json")->check(CLI::IsMember({"table", "json"}));
  verb->callback(
      [&invocation, format] { invocation.run = [&invocation, format] { return run_ls(invocation, *format); }; });
}

void add_tag(CLI::App& app, Invocation& invocation) {
  CLI::App* verb = app.add_subcommand("tag", "give an image another name");
  auto source = std::make_shared<std::string>();
  auto name = std::make_shared<std::string>();
  verb->add_option("IMAGE", *source, "name or digest in the store")->required();
  verb->add_option("NAME", *name)->required();
  verb->callback([&invocation, source, name] {
    invocation.run = [&invocation, source, name]() -> Result<int> {
      TRY_ASSIGN(const Store store, invocation.open_store());
      TRY_ASSIGN(const Store::Session session, store.begin());
      TRY_ASSIGN(const Descriptor image, store.resolve(*source));
      TRY(store.tag(*name, image));
      return 0;
    };
  });
}

void add_rm(CLI::App& app, Invocation& invocation) {
  CLI::App* verb = app.add_subcommand("rm", "take names away; gc removes what has none");
  auto names = std::make_shared<std::vector<std::string>>();
  verb->add_option("NAME", *names)->required();
  verb->callback([&invocation, names] {
    invocation.run = [&invocation, names]() -> Result<int> {
      TRY_ASSIGN(const Store store, invocation.open_store());
      for (const std::string& name : *names) TRY(store.untag(name));
      return 0;
    };
  });
}

void add_inspect(CLI::App& app, Invocation& invocation) {
  CLI::App* verb = app.add_subcommand("inspect", "print what an image is, as JSON");
  auto source = std::make_shared<std::string>();
  auto what = std::make_shared<std::string>("all");
  verb->add_option("IMAGE", *source)->required();
  verb->add_option("--show", *what, "all, manifest, config, or raw: the manifest's own bytes")
      ->check(CLI::IsMember({"all", "manifest", "config", "raw"}));
  verb->callback([&invocation, source, what] {
    invocation.run = [&invocation, source, what] { return run_inspect(invocation, *source, *what); };
  });
}

void add_gc(CLI::App& app, Invocation& invocation) {
  CLI::App* verb = app.add_subcommand("gc", "remove what no name reaches");
  auto days = std::make_shared<int>(14);
  verb->add_option("--cache-days", *days, "keep what builds used in that time (14)")->check(CLI::Range(0, 36500));
  verb->callback([&invocation, days] { invocation.run = [&invocation, days] { return run_gc(invocation, *days); }; });
}

}  // namespace kontain::image::cli
