#include "krun/container/settings.h"

#include <cerrno>
#include <map>

#include "krun/container/trigger.h"
#include "krun/spec/reader.h"

namespace kontain::krun::container {
namespace {

constexpr size_t kLargest = 1 << 20;

bool is_ours(const std::string& key) { return key.rfind(kAnnotationPrefix, 0) == 0; }

// "--key=value" is the annotation app.kontain.key.
Result<std::pair<std::string, std::string>> annotation_of(const std::string& parameter) {
  const size_t equals = parameter.find('=');
  if (parameter.rfind("--", 0) != 0 || equals == std::string::npos) {
    return fail("vm.hypervisor.parameters", parameter, "--KEY=VALUE is expected");
  }
  return std::pair(kAnnotationPrefix + parameter.substr(2, equals - 2), parameter.substr(equals + 1));
}

}  // namespace

Result<Settings> read_settings(const std::string& path) {
  Settings settings;
  const auto text = spec::read_file(path, kLargest);
  if (!text && text.error().errno_value == ENOENT) return settings;
  if (!text) return tl::make_unexpected(text.error());
  TRY_ASSIGN(const nlohmann::json json, spec::parse_json(*text, path));
  spec::ReadState state{path, std::nullopt, {}};
  const spec::Reader top(state, &json, "");
  settings.km = top["km"].text();
  settings.other_runtime = top["otherRuntime"].text();
  if (!settings.other_runtime.empty() && settings.other_runtime[0] != '/') {
    top["otherRuntime"].fail("must be an absolute path");
  }
  top["annotations"].for_each_member([&](const std::string& key, const spec::Reader& member) {
    if (!is_ours(key)) member.fail(std::string("must begin with ") + kAnnotationPrefix);
    settings.annotations.emplace_back(key, member.text());
  });
  for (const std::string& key : top["locked"].texts()) settings.locked.insert(key);
  if (json.is_object()) {
    for (const auto& [key, value] : json.items()) {
      if (!state.places.count(key)) return fail(path, key, "no such key");
    }
  }
  if (state.error) return tl::make_unexpected(*state.error);
  return settings;
}

Result<std::vector<std::pair<std::string, std::string>>> monitor_annotations(const Settings& settings,
                                                                             const spec::Config& config) {
  std::map<std::string, std::string> merged(settings.annotations.begin(), settings.annotations.end());
  const auto set = [&](const std::string& key, const std::string& value) -> Result<void> {
    if (settings.locked.count(key)) return fail(key, "", "locked by the administrator");
    merged[key] = value;
    return {};
  };
  for (const std::string& parameter : config.hypervisor_parameters) {
    TRY_ASSIGN(const auto annotation, annotation_of(parameter));
    TRY(set(annotation.first, annotation.second));
  }
  for (const auto& [key, value] : config.annotations) {
    if (is_ours(key) && key != kMachineAnnotation) TRY(set(key, value));
  }
  return std::vector<std::pair<std::string, std::string>>(merged.begin(), merged.end());
}

}  // namespace kontain::krun::container
