#include "krun/cli/elsewhere.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/text.h"
#include "krun/container/trigger.h"

namespace kontain::krun::cli {
namespace {

constexpr std::string_view kName = "krun-label-trigger";
constexpr char kDefaultPath[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::string find_in_path(const char* name) {
  const char* path = getenv("PATH");
  for (const std::string& folder : split(path ? path : kDefaultPath, ':')) {
    std::string candidate = folder + "/" + name;
    if (folder.rfind('/', 0) == 0 && access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return {};
}

Result<std::string> find_other(const container::Settings& settings) {
  if (!settings.other_runtime.empty()) return settings.other_runtime;
  for (const char* name : {"runc", "crun"}) {
    if (std::string found = find_in_path(name); !found.empty()) return found;
  }
  return fail(kName, "", "there is no runc and no crun; name one as \"otherRuntime\" in the settings");
}

// The words of the command line without --settings, which is ours alone.
std::vector<std::string> words_for_other(const std::string& path, char** argv) {
  std::vector<std::string> words = {path};
  for (char** at = argv + 1; *at; ++at) {
    if (std::strcmp(*at, "--settings") == 0 && at[1]) {
      ++at;
    } else if (std::strncmp(*at, "--settings=", std::strlen("--settings=")) != 0) {
      words.emplace_back(*at);
    }
  }
  return words;
}

Error become(const std::string& path, char** argv) {
  const std::vector<std::string> words = words_for_other(path, argv);
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  execv(path.c_str(), pointers.data());
  return {"cannot execute", path, errno_text(errno), errno};
}

// The value of an option or argument of the verb; "" when it has none or it was not given.
std::string value_of(const CLI::App& verb, const char* option) {
  const CLI::Option* found = verb.get_option_no_throw(option);
  return found && !found->results().empty() ? found->results().back() : "";
}

Result<bool> is_ours(const Invocation& invocation, const CLI::App& verb) {
  const std::string& name = verb.get_name();
  if (name == "create" || name == "run") {
    const std::string bundle = value_of(verb, "--bundle");
    const std::string config = value_of(verb, "--config");
    return container::asks_for_machine(bundle.empty() ? "." : bundle, config.empty() ? "config.json" : config);
  }
  const std::string id = value_of(verb, "ID");
  return id.empty() || state::Folder::open(invocation.global.root, id).has_value();
}

}  // namespace

bool is_label_trigger(const char* name) {
  const char* slash = name ? std::strrchr(name, '/') : nullptr;
  return name && (slash ? slash + 1 : name) == kName;
}

Result<void> hand_over(Invocation& invocation, const CLI::App& verb, char** argv) {
  TRY_ASSIGN(const container::Settings settings, settings_of(invocation));
  TRY_ASSIGN(invocation.other.path, find_other(settings));
  std::string& root = invocation.global.root;
  invocation.other.root = root;
  root = root.empty() ? state::default_root() : root + ".krun";
  TRY_ASSIGN(const bool ours, is_ours(invocation, verb));
  return ours ? Result<void>() : tl::make_unexpected(become(invocation.other.path, argv));
}

}  // namespace kontain::krun::cli
