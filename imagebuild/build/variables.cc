#include "imagebuild/build/variables.h"

#include <algorithm>
#include <array>

namespace kontain::image::build {

const Values& platform_arguments() {
  static const Values kValues = {
      {"BUILDPLATFORM", "linux/amd64"},  {"BUILDOS", "linux"},  {"BUILDARCH", "amd64"},  {"BUILDVARIANT", ""},
      {"TARGETPLATFORM", "linux/amd64"}, {"TARGETOS", "linux"}, {"TARGETARCH", "amd64"}, {"TARGETVARIANT", ""},
  };
  return kValues;
}

bool is_proxy_argument(std::string_view name) {
  static constexpr std::array<std::string_view, 10> kNames = {"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy",
                                                              "FTP_PROXY",  "ftp_proxy",  "NO_PROXY",    "no_proxy",
                                                              "ALL_PROXY",  "all_proxy"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

void StageVariables::declare(const std::string& name, const std::optional<std::string>& value) {
  const auto given = given_.find(name);
  const auto global = global_.find(name);
  const auto platform = platform_arguments().find(name);
  if (given != given_.end())
    arguments_[name] = given->second;
  else if (value)
    arguments_[name] = *value;
  else if (global != global_.end())
    arguments_[name] = global->second;
  else if (platform != platform_arguments().end())
    arguments_[name] = platform->second;
}

std::optional<std::string> StageVariables::find(std::string_view name, const std::vector<std::string>& env) const {
  if (auto value = environment_value(env, name)) return value;
  const auto found = arguments_.find(name);
  return found == arguments_.end() ? std::nullopt : std::optional(found->second);
}

dockerfile::Variables StageVariables::lookup(const std::vector<std::string>& env) const {
  return [this, &env](std::string_view name) { return find(name, env); };
}

std::optional<std::string> environment_value(const std::vector<std::string>& env, std::string_view name) {
  for (const std::string& entry : env) {
    if (entry.size() > name.size() && entry[name.size()] == '=' && entry.starts_with(name)) {
      return entry.substr(name.size() + 1);
    }
  }
  return std::nullopt;
}

void set_environment(std::vector<std::string>& env, const std::string& name, const std::string& value) {
  const std::string prefix = name + "=";
  for (std::string& entry : env) {
    if (!entry.starts_with(prefix)) continue;
    entry = prefix + value;
    return;
  }
  env.push_back(prefix + value);
}

}  // namespace kontain::image::build
