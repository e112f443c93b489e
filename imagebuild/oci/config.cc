#include <algorithm>
#include <array>

#include "imagebuild/oci/json.h"
#include "imagebuild/oci/model.h"

namespace kontain::image {
namespace {

constexpr std::array kKnown = {"created",     "author",  "architecture", "os",     "os.version",
                               "os.features", "variant", "config",       "rootfs", "history"};
constexpr std::array kKnownConfig = {"User",       "ExposedPorts", "Env",        "Entrypoint",  "Cmd",   "Volumes",
                                     "WorkingDir", "Labels",       "StopSignal", "Healthcheck", "Shell", "OnBuild"};

template <class Names>
nlohmann::json unknown_members(const nlohmann::json* value, const Names& known) {
  nlohmann::json rest = nlohmann::json::object();
  if (!value || !value->is_object()) return rest;
  for (const auto& [key, member] : value->items()) {
    if (std::ranges::find(known, key) == known.end()) rest[key] = member;
  }
  return rest;
}

Healthcheck read_healthcheck(const JsonReader& from) {
  return {from["Test"].texts(),         from["Interval"].number(),      from["Timeout"].number(),
          from["StartPeriod"].number(), from["StartInterval"].number(), from["Retries"].number()};
}

RunConfig read_run_config(const JsonReader& from) {
  RunConfig made;
  made.user = from["User"].text();
  made.exposed_ports = from["ExposedPorts"].keys();
  made.env = from["Env"].texts();
  made.entrypoint = from["Entrypoint"].texts();
  made.cmd = from["Cmd"].texts();
  made.volumes = from["Volumes"].keys();
  made.working_dir = from["WorkingDir"].text();
  made.labels = from["Labels"].text_map();
  made.stop_signal = from["StopSignal"].text();
  if (from["Healthcheck"].present()) made.healthcheck = read_healthcheck(from["Healthcheck"]);
  made.shell = from["Shell"].texts();
  made.on_build = from["OnBuild"].texts();
  return made;
}

void read_root(const JsonReader& from, ImageConfig& made) {
  if (from["type"].required_text() != "layers") from["type"].fail("\"layers\" is expected");
  if (!from["diff_ids"].present()) from["diff_ids"].fail("is missing");
  from["diff_ids"].for_each([&](const JsonReader& element) {
    const auto digest = Digest::parse(element.text());
    if (!digest) return element.fail(digest.error().reason);
    made.diff_ids.push_back(*digest);
  });
}

History read_history(const JsonReader& from) {
  return {from["created"].text(), from["created_by"].text(), from["author"].text(), from["comment"].text(),
          from["empty_layer"].boolean()};
}

void set_text(nlohmann::json& in, const char* key, const std::string& value) {
  if (!value.empty()) in[key] = value;
}

void set_texts(nlohmann::json& in, const char* key, const std::vector<std::string>& values) {
  if (!values.empty()) in[key] = values;
}

void set_keys(nlohmann::json& in, const char* key, const std::vector<std::string>& values) {
  for (const std::string& value : values) in[key][value] = nlohmann::json::object();
}

void set_number(nlohmann::json& in, const char* key, int64_t value) {
  if (value != 0) in[key] = value;
}

nlohmann::json healthcheck_json(const Healthcheck& check) {
  nlohmann::json made = nlohmann::json::object();
  set_texts(made, "Test", check.test);
  set_number(made, "Interval", check.interval);
  set_number(made, "Timeout", check.timeout);
  set_number(made, "StartPeriod", check.start_period);
  set_number(made, "StartInterval", check.start_interval);
  set_number(made, "Retries", check.retries);
  return made;
}

nlohmann::json run_config_json(const RunConfig& config, const nlohmann::json& unknown) {
  nlohmann::json made = unknown;
  set_text(made, "User", config.user);
  set_keys(made, "ExposedPorts", config.exposed_ports);
  set_texts(made, "Env", config.env);
  set_texts(made, "Entrypoint", config.entrypoint);
  set_texts(made, "Cmd", config.cmd);
  set_keys(made, "Volumes", config.volumes);
  set_text(made, "WorkingDir", config.working_dir);
  if (!config.labels.empty()) made["Labels"] = config.labels;
  set_text(made, "StopSignal", config.stop_signal);
  if (config.healthcheck) made["Healthcheck"] = healthcheck_json(*config.healthcheck);
  set_texts(made, "Shell", config.shell);
  set_texts(made, "OnBuild", config.on_build);
  return made;
}

nlohmann::json history_json(const History& entry) {
  nlohmann::json made = nlohmann::json::object();
  set_text(made, "created", entry.created);
  set_text(made, "created_by", entry.created_by);
  set_text(made, "author", entry.author);
  set_text(made, "comment", entry.comment);
  if (entry.empty_layer) made["empty_layer"] = true;
  return made;
}

}  // namespace

Result<ImageConfig> parse_config(std::string_view text) {
  TRY_ASSIGN(const nlohmann::json value, parse_json(text, "image config"));
  JsonReader::State state{"image config", {}};
  const JsonReader from(state, &value);
  ImageConfig made;
  made.created = from["created"].text();
  made.author = from["author"].text();
  made.platform = {from["architecture"].required_text(), from["os"].required_text(), from["os.version"].text(),
                   from["os.features"].texts(), from["variant"].text()};
  made.config = read_run_config(from["config"]);
  if (!from["rootfs"].present()) from["rootfs"].fail("is missing");
  if (from["rootfs"].is_object()) read_root(from["rootfs"], made);
  from["history"].for_each([&](const JsonReader& entry) { made.history.push_back(read_history(entry)); });
  TRY(state.status);
  made.unknown = unknown_members(&value, kKnown);
  made.unknown_config = unknown_members(from["config"].value(), kKnownConfig);
  return made;
}

std::string to_text(const ImageConfig& config) {
  nlohmann::json made = config.unknown;
  set_text(made, "created", config.created);
  set_text(made, "author", config.author);
  made["architecture"] = config.platform.architecture;
  made["os"] = config.platform.os;
  set_text(made, "os.version", config.platform.os_version);
  set_texts(made, "os.features", config.platform.os_features);
  set_text(made, "variant", config.platform.variant);
  made["config"] = run_config_json(config.config, config.unknown_config);
  made["rootfs"] = {{"type", "layers"}, {"diff_ids", nlohmann::json::array()}};
  for (const Digest& digest : config.diff_ids) made["rootfs"]["diff_ids"].push_back(digest.text());
  for (const History& entry : config.history) made["history"].push_back(history_json(entry));
  return canonical_json(made);
}

}  // namespace kontain::image
