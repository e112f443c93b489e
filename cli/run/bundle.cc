#include "cli/run/bundle.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace kontain::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kPath[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr char kProgramInside[] = "/app.km";
constexpr uint64_t kCpuPeriod = 100'000;  // microseconds
// As Docker gives them.
constexpr const char* kCapabilities[] = {"CAP_AUDIT_WRITE", "CAP_CHOWN",  "CAP_DAC_OVERRIDE", "CAP_FOWNER",
                                         "CAP_FSETID",      "CAP_KILL",   "CAP_MKNOD",        "CAP_NET_BIND_SERVICE",
                                         "CAP_SETFCAP",     "CAP_SETGID", "CAP_SETPCAP",      "CAP_SETUID",
                                         "CAP_SYS_CHROOT"};

Result<std::vector<std::string>> texts(const Json& object, const char* key) {
  std::vector<std::string> values;
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return values;
  if (!found->is_array()) return fail("image", key, "an array is expected");
  for (const Json& value : *found) {
    if (!value.is_string()) return fail("image", key, "strings are expected");
    values.push_back(value.get<std::string>());
    if (values.back().find('\0') != std::string::npos) return fail("image", key, "holds a zero byte");
  }
  return values;
}

Result<std::string> text(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return std::string();
  if (!found->is_string()) return fail("image", key, "a string is expected");
  return found->get<std::string>();
}

bool parse_id(const std::string& text, uint32_t& id) {
  const auto result = std::from_chars(text.data(), text.data() + text.size(), id);
  return result.ec == std::errc() && result.ptr == text.data() + text.size();
}

// The fields of the line of passwd(5) or group(5) whose `column` is `value`; none when there is none.
std::vector<std::string> line_of(const std::string& table, size_t column, const std::string& value) {
  for (const std::string& line : split(table, '\n')) {
    std::vector<std::string> fields = split(line, ':');
    if (fields.size() > std::max<size_t>(column, 2) && fields[column] == value) return fields;
  }
  return {};
}

std::string name_of(const std::string& variable) { return variable.substr(0, variable.find('=')); }

void set_variable(std::vector<std::string>& environment, const std::string& variable) {
  const std::string name = name_of(variable);
  for (std::string& entry : environment) {
    if (name_of(entry) == name) {
      entry = variable;
      return;
    }
  }
  environment.push_back(variable);
}

std::vector<std::string> environment_of(const RunOptions& options, const ImageDefaults& image, const Place& place) {
  std::vector<std::string> environment = {kPath,
                                          "HOSTNAME=" + (options.hostname.empty() ? place.id : options.hostname)};
  if (options.terminal) environment.emplace_back("TERM=xterm");
  for (const std::string& variable : image.environment) set_variable(environment, variable);
  for (const std::string& variable : options.environment) {
    if (variable.find('=') != std::string::npos) {
      set_variable(environment, variable);
      continue;
    }
    const auto own = std::ranges::find(place.own_environment, variable, &std::pair<std::string, std::string>::first);
    if (own != place.own_environment.end()) set_variable(environment, variable + "=" + own->second);
  }
  return environment;
}

Json mount(const std::string& target, const char* type, const std::string& source, std::vector<std::string> options) {
  return {{"destination", target}, {"type", type}, {"source", source}, {"options", std::move(options)}};
}

Json bind_mount(const std::string& source, const std::string& target, bool read_only) {
  return mount(target, "bind", source, {"rbind", "rprivate", read_only ? "ro" : "rw"});
}

Json mounts_of(const RunOptions& options, const Place& place) {
  std::vector<std::string> terminals = {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"};
  if (!place.rootless) terminals.emplace_back("gid=5");
  Json mounts = {mount("/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}),
                 mount("/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}),
                 mount("/dev/pts", "devpts", "devpts", terminals),
                 mount("/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}),
                 mount("/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"})};
  // A user may not mount a sysfs whose network namespace is not its own.
  if (place.rootless) {
    mounts.push_back(mount("/sys", "none", "/sys", {"rbind", "nosuid", "noexec", "nodev", "ro"}));
  } else {
    mounts.push_back(mount("/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}));
    mounts.push_back(mount("/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "noexec", "nodev", "relatime", "ro"}));
  }
  for (const char* name : {"resolv.conf", "hosts", "hostname"}) {
    mounts.push_back(bind_mount(place.folder + "/" + name, std::string("/etc/") + name, false));
  }
  if (!place.program.empty()) mounts.push_back(bind_mount(place.program, kProgramInside, true));
  for (const Volume& volume : options.volumes)
    mounts.push_back(bind_mount(volume.source, volume.target, volume.read_only));
  return mounts;
}

Json resources_of(const RunOptions& options) {
  Json resources = {{"devices", Json::array({{{"allow", false}, {"access", "rwm"}}})}};
  if (options.memory != 0) resources["memory"] = {{"limit", options.memory}};
  if (options.cpus > 0) {
    const auto quota = static_cast<int64_t>(options.cpus * static_cast<double>(kCpuPeriod));
    resources["cpu"] = {{"period", kCpuPeriod}, {"quota", std::max<int64_t>(quota, 1000)}};
  }
  if (options.process_limit > 0) resources["pids"] = {{"limit", options.process_limit}};
  return resources;
}

Json linux_of(const RunOptions& options, const Place& place) {
  Json namespaces = Json::array();
  for (const char* type : {"pid", "ipc", "uts", "mount"}) namespaces.push_back({{"type", type}});
  if (!place.rootless) namespaces.push_back({{"type", "cgroup"}});
  if (!place.network_namespace.empty()) {
    namespaces.push_back({{"type", "network"}, {"path", place.network_namespace}});
  } else if (!place.shares_network) {
    namespaces.push_back({{"type", "network"}});
  }
  Json section = {{"namespaces", namespaces},
                  {"maskedPaths",
                   {"/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
                    "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware"}},
                  {"readonlyPaths", {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"}}};
  if (place.needs_user_namespace) {
    section["namespaces"].push_back({{"type", "user"}});
    section["uidMappings"] = Json::array({{{"containerID", 0}, {"hostID", place.host_user.user}, {"size", 1}}});
    section["gidMappings"] = Json::array({{{"containerID", 0}, {"hostID", place.host_user.group}, {"size", 1}}});
  }
  if (!place.rootless) {
    section["resources"] = resources_of(options);
    section["cgroupsPath"] = "/kontain-" + place.id;
  }
  return section;
}

}  // namespace

Result<ImageDefaults> parse_image_config(const std::string& document) {
  const Json whole = Json::parse(document, nullptr, false);
  if (!whole.is_object()) return fail("image", "configuration", "a JSON object is expected");
  ImageDefaults image;
  const auto config = whole.find("config");
  if (config == whole.end() || config->is_null()) return image;
  if (!config->is_object()) return fail("image", "config", "an object is expected");
  TRY_ASSIGN(image.entrypoint, texts(*config, "Entrypoint"));
  TRY_ASSIGN(image.command, texts(*config, "Cmd"));
  TRY_ASSIGN(image.environment, texts(*config, "Env"));
  TRY_ASSIGN(image.working_directory, text(*config, "WorkingDir"));
  TRY_ASSIGN(image.user, text(*config, "User"));
  return image;
}

Result<Identity> find_identity(const std::string& user, const std::string& passwd, const std::string& group) {
  Identity identity;
  if (user.empty()) return identity;
  const size_t colon = user.find(':');
  const std::string name = user.substr(0, colon);
  auto fields = line_of(passwd, 0, name);
  if (fields.empty()) fields = line_of(passwd, 2, name);
  if (fields.size() >= 4) {
    if (!parse_id(fields[2], identity.user) || !parse_id(fields[3], identity.group)) {
      return fail("--user", name, "the image's /etc/passwd gives it no number");
    }
  } else if (!parse_id(name, identity.user)) {
    return fail("--user", name, "the image has no such user");
  }
  if (colon == std::string::npos) return identity;
  const std::string group_name = user.substr(colon + 1);
  const auto group_fields = line_of(group, 0, group_name);
  if (!parse_id(group_fields.empty() ? group_name : group_fields[2], identity.group)) {
    return fail("--user", group_name, "the image has no such group");
  }
  return identity;
}

Result<std::vector<std::string>> arguments_of(const RunOptions& options, const ImageDefaults& image,
                                              const Place& place) {
  std::vector<std::string> arguments;
  if (!options.entrypoint.empty()) {
    arguments = {options.entrypoint};
  } else {
    arguments = place.program.empty() ? image.entrypoint : std::vector<std::string>{kProgramInside};
  }
  const bool keeps_command = options.arguments.empty() && options.entrypoint.empty();
  const auto& rest = keeps_command ? image.command : options.arguments;
  arguments.insert(arguments.end(), rest.begin(), rest.end());
  if (arguments.empty()) return fail(options.source, "", "the image names no program: say one");
  return arguments;
}

Result<Json> make_config(const RunOptions& options, const ImageDefaults& image, const Place& place) {
  TRY_ASSIGN(const std::vector<std::string> arguments, arguments_of(options, image, place));
  const std::string& directory =
      options.working_directory.empty() ? image.working_directory : options.working_directory;
  const Json capabilities = kCapabilities;
  Json config = {
      {"ociVersion", "1.2.0"},
      {"process",
       {{"terminal", options.terminal},
        {"user", {{"uid", place.identity.user}, {"gid", place.identity.group}}},
        {"args", arguments},
        {"env", environment_of(options, image, place)},
        {"cwd", directory.empty() ? "/" : directory},
        {"capabilities", {{"bounding", capabilities}, {"effective", capabilities}, {"permitted", capabilities}}},
        {"noNewPrivileges", true}}},
      {"root", {{"path", "rootfs"}, {"readonly", options.read_only}}},
      {"hostname", options.hostname.empty() ? place.id : options.hostname},
      {"mounts", mounts_of(options, place)},
      {"linux", linux_of(options, place)},
      {"annotations", {{"org.opencontainers.image.ref.name", place.image}}}};
  // Set before the program begins, which may ask at once.
  if (options.terminal && place.terminal_rows != 0) {
    config["process"]["consoleSize"] = {{"height", place.terminal_rows}, {"width", place.terminal_columns}};
  }
  if (place.identity.user != 0) config["process"]["capabilities"] = Json::object();
  for (const auto& [key, value] : options.annotations) config["annotations"]["app.kontain." + key] = value;
  return config;
}

}  // namespace kontain::cli
