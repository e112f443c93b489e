// The variables of a Dockerfile: build arguments (ARG) and the environment (ENV).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "imagebuild/dockerfile/problem.h"
#include "imagebuild/dockerfile/shell_words.h"

namespace kontain::image::build {

using Values = std::map<std::string, std::string, std::less<>>;

// Arguments nobody has to declare because of what they say about the platform (BuildKit's names).
const Values& platform_arguments();
// Whether a build argument may be given without an ARG, and is in no cache key: proxies.
bool is_proxy_argument(std::string_view name);

// Of one stage.
class StageVariables {
 public:
  // `given`: --build-arg. `global`: arguments in front of the first FROM.
  StageVariables(const std::map<std::string, std::string>& given, const Values& global)
      : given_(given), global_(global) {}

  // ARG name[=value]; the value is expanded already.
  void declare(const std::string& name, const std::optional<std::string>& value);
  // "NAME=value" in order of the image's configuration: ENV wins over ARG.
  std::optional<std::string> find(std::string_view name, const std::vector<std::string>& env) const;
  dockerfile::Variables lookup(const std::vector<std::string>& env) const;
  // The arguments that a RUN step sees beside its environment.
  const Values& arguments() const { return arguments_; }

 private:
  const std::map<std::string, std::string>& given_;
  const Values& global_;
  Values arguments_;
};

// The value of `name` in "NAME=value" texts.
std::optional<std::string> environment_value(const std::vector<std::string>& env, std::string_view name);
// Replaces it, or adds it at the end.
void set_environment(std::vector<std::string>& env, const std::string& name, const std::string& value);

}  // namespace kontain::image::build
