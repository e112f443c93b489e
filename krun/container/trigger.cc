#include "krun/container/trigger.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/text.h"
#include "krun/container/settings.h"
#include "krun/launch/launch.h"
#include "krun/sandbox/paths.h"
#include "krun/spec/parse.h"
#include "krun/spec/reader.h"

namespace kontain::krun::container {
namespace {

std::string path_of(const std::vector<std::string>& environment) {
  constexpr std::string_view kPath = "PATH=";
  for (const std::string& entry : environment) {
    if (entry.rfind(kPath, 0) == 0) return entry.substr(kPath.size());
  }
  return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

// A regular file of the image's for reading: nothing else is opened, because opening can have effects.
UniqueFd open_file(int root, const std::string& path) {
  const auto place = sandbox::open_in_root(root, path, O_PATH);
  struct stat info;
  if (!place || fstat(place->get(), &info) != 0 || !S_ISREG(info.st_mode)) return {};
  return UniqueFd(open(sandbox::fd_path(place->get()).c_str(), O_RDONLY | O_CLOEXEC));
}

UniqueFd open_program(int root, const std::string& name, const std::string& cwd,
                      const std::vector<std::string>& environment) {
  if (name.find('/') != std::string::npos) {
    return open_file(root, sandbox::clean_path(name[0] == '/' ? name : cwd + "/" + name));
  }
  for (const std::string& folder : split(path_of(environment), ':')) {
    if (UniqueFd fd = open_file(root, sandbox::clean_path(folder + "/" + name))) return fd;
  }
  return {};
}

bool runs_a_kontainer(const spec::Reader& top, const std::string& bundle) {
  const spec::Reader process = top["process"];
  const std::vector<std::string> arguments = process["args"].texts();
  const std::string path = top["root"]["path"].text();
  if (arguments.empty() || arguments[0].empty() || path.empty()) return false;
  const std::string rootfs = path[0] == '/' ? path : bundle + "/" + path;
  const UniqueFd root(open(rootfs.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return false;
  const UniqueFd program = open_program(root.get(), arguments[0], process["cwd"].text(), process["env"].texts());
  return program && launch::is_kontainer(program.get());
}

}  // namespace

Result<bool> asks_for_machine(const std::string& bundle, const std::string& config) {
  const std::string path = config[0] == '/' ? config : bundle + "/" + config;
  TRY_ASSIGN(const std::string text, spec::read_file(path, spec::kLargestDocument));
  TRY_ASSIGN(const nlohmann::json json, spec::parse_json(text, config));
  spec::ReadState state{config, std::nullopt, {}};
  const spec::Reader top(state, &json, "");
  std::string answer;
  bool has_ours = false;
  top["annotations"].for_each_member([&](const std::string& key, const spec::Reader& member) {
    if (key == kMachineAnnotation) answer = member.text();
    has_ours |= key.rfind(kAnnotationPrefix, 0) == 0;
  });
  if (state.error) return tl::make_unexpected(*state.error);
  if (answer == "true" || answer == "false") return answer == "true";
  if (!answer.empty()) return fail(config, std::string("annotations.") + kMachineAnnotation, "must be true or false");
  return has_ours || runs_a_kontainer(top, bundle);
}

}  // namespace kontain::krun::container
