#include "krun/spec/fields.h"
#include "krun/spec/parse.h"
#include "krun/spec/parse_internal.h"

namespace kontain::krun::spec {
namespace {

Mount read_mount(const Reader& reader) {
  Mount mount;
  mount.destination = reader["destination"].required_text();
  mount.type = reader["type"].text();
  mount.source = reader["source"].text();
  mount.options = reader["options"].texts();
  mount.uid_mappings = read_mappings(reader["uidMappings"]);
  mount.gid_mappings = read_mappings(reader["gidMappings"]);
  return mount;
}

std::vector<Hook> read_hooks(const Reader& reader) {
  std::vector<Hook> hooks;
  reader.for_each([&](const Reader& element) {
    Hook hook;
    hook.path = element["path"].required_text();
    if (!hook.path.empty() && hook.path[0] != '/') element["path"].fail("must be an absolute path");
    hook.arguments = element["args"].texts();
    if (hook.arguments.empty()) hook.arguments.push_back(hook.path);
    hook.environment = element["env"].texts();
    hook.timeout_seconds = element["timeout"].number<int>();
    if (hook.timeout_seconds && *hook.timeout_seconds <= 0) element["timeout"].fail("must be positive");
    hooks.push_back(std::move(hook));
  });
  return hooks;
}

Config read_config(const Reader& top) {
  Config config;
  config.version = top["ociVersion"].required_text();
  if (top["process"].is_present()) config.process = read_process(top["process"]);
  const Reader root = top["root"];
  config.root_path = root["path"].required_text();
  config.root_readonly = root["readonly"].boolean();
  config.hostname = top["hostname"].text();
  config.domainname = top["domainname"].text();
  top["mounts"].for_each([&](const Reader& element) { config.mounts.push_back(read_mount(element)); });
  const Reader hooks = top["hooks"];
  config.hooks = {read_hooks(hooks["prestart"]),        read_hooks(hooks["createRuntime"]),
                  read_hooks(hooks["createContainer"]), read_hooks(hooks["startContainer"]),
                  read_hooks(hooks["poststart"]),       read_hooks(hooks["poststop"])};
  config.annotations = read_string_map(top["annotations"]);
  config.linux_ = read_linux(top["linux"]);
  config.hypervisor_parameters = top["vm"]["hypervisor"]["parameters"].texts();
  return config;
}

// What can only be said about the whole.
void check_config(const Config& config, const Reader& top) {
  const std::string& version = config.version;
  if (version.rfind("1.", 0) != 0) top["ociVersion"].fail("\"" + version + "\": only versions 1.x are known");
  const bool has_uts = config.find_namespace(CLONE_NEWUTS) != nullptr;
  if (!config.hostname.empty() && !has_uts) top["hostname"].fail("needs a uts namespace");
  if (!config.domainname.empty() && !has_uts) top["domainname"].fail("needs a uts namespace");
  const bool maps = !config.linux_.uid_mappings.empty() || !config.linux_.gid_mappings.empty();
  if (maps && !config.find_namespace(CLONE_NEWUSER)) top["linux"]["uidMappings"].fail("needs a user namespace");
  if (config.makes_namespace(CLONE_NEWUSER) && !maps)
    top["linux"]["uidMappings"].fail("a new user namespace needs them");
  if (!config.linux_.time_offsets.empty() && !config.makes_namespace(CLONE_NEWTIME)) {
    top["linux"]["timeOffsets"].fail("needs a new time namespace");
  }
}

template <class T, class Read>
Result<T> parse(const std::string& text, const std::string& document, const Read& read) {
  TRY_ASSIGN(const nlohmann::json json, parse_json(text, document));
  ReadState state{document, std::nullopt, {}};
  const Reader top(state, &json, "");
  T value = read(top);
  if (state.error) return tl::make_unexpected(*state.error);
  return value;
}

}  // namespace

const Namespace* Config::find_namespace(int flag) const {
  for (const Namespace& entry : linux_.namespaces) {
    if (entry.flag == flag) return &entry;
  }
  return nullptr;
}

bool Config::makes_namespace(int flag) const {
  const Namespace* found = find_namespace(flag);
  return found && found->path.empty();
}

std::vector<IdMapping> read_mappings(const Reader& reader) {
  std::vector<IdMapping> mappings;
  reader.for_each([&](const Reader& element) {
    mappings.push_back({element["containerID"].required_number<uint32_t>(),
                        element["hostID"].required_number<uint32_t>(), element["size"].required_number<uint32_t>()});
  });
  return mappings;
}

StringMap read_string_map(const Reader& reader) {
  StringMap map;
  reader.for_each_member([&](const std::string& key, const Reader& member) {
    if (key.empty() || key.find('\0') != std::string::npos) member.fail("is no name");
    map[key] = member.text();
  });
  return map;
}

Result<Config> parse_config(const std::string& text, const std::string& document) {
  return parse<Config>(text, document, [](const Reader& top) {
    refuse_fields(top);
    Config config = read_config(top);
    check_config(config, top);
    return config;
  });
}

std::set<std::string> places_read(const std::string& text) {
  const auto json = parse_json(text, "");
  if (!json) return {};
  ReadState state;
  const Reader top(state, &*json, "");
  const Config config = read_config(top);
  check_config(config, top);
  return state.error ? std::set<std::string>() : state.places;
}

Result<Process> parse_process(const std::string& text, const std::string& document) {
  return parse<Process>(text, document, read_process);
}

Result<Resources> parse_resources(const std::string& text, const std::string& document) {
  return parse<Resources>(text, document, [](const Reader& top) {
    refuse_fields(top, "linux.resources");
    return read_resources(top);
  });
}

}  // namespace kontain::krun::spec
