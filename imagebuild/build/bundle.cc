#include <array>
#include <nlohmann/json.hpp>

#include "imagebuild/build/run.h"

namespace kontain::image::build {
namespace {

using nlohmann::json;

// What container engines give by default.
constexpr std::array kCapabilities = {"CAP_AUDIT_WRITE", "CAP_CHOWN",     "CAP_DAC_OVERRIDE", "CAP_FOWNER",
                                      "CAP_FSETID",      "CAP_KILL",      "CAP_MKNOD",        "CAP_NET_BIND_SERVICE",
                                      "CAP_NET_RAW",     "CAP_SETFCAP",   "CAP_SETGID",       "CAP_SETPCAP",
                                      "CAP_SETUID",      "CAP_SYS_CHROOT"};

json mount(const char* destination, const char* type, const std::string& source,
           std::initializer_list<const char*> options) {
  json list = json::array();
  for (const char* option : options) list.push_back(option);
  return {{"destination", destination}, {"type", type}, {"source", source}, {"options", list}};
}

json mounts(const RunRequest& request) {
  const std::string bundle = request.folder + "/" + request.bundle;
  json all = json::array();
  all.push_back(mount("/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}));
  all.push_back(mount("/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}));
  all.push_back(
      mount("/dev/pts", "devpts", "devpts", {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"}));
  all.push_back(mount("/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}));
  if (request.network == Network::Off) {
    all.push_back(mount("/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}));
  } else {
    all.push_back(mount("/sys", "none", "/sys", {"rbind", "nosuid", "noexec", "nodev", "ro"}));
    all.push_back(mount("/etc/resolv.conf", "none", "/etc/resolv.conf", {"bind", "ro"}));
  }
  if (!request.bundle.empty()) all.push_back(mount("/etc/hosts", "none", bundle + "/hosts", {"bind", "ro"}));
  if (!request.scripts.empty()) all.push_back(mount("/dev/pipes", "none", bundle + "/pipes", {"bind", "ro"}));
  return all;
}

json process(const RunRequest& request) {
  json user = {{"uid", request.user.uid}, {"gid", request.user.gid}};
  if (!request.user.groups.empty()) user["additionalGids"] = request.user.groups;
  json capabilities;
  for (const char* set : {"bounding", "effective", "permitted"}) {
    // A user without privileges has none to begin with, and may get them back from nowhere.
    capabilities[set] =
        request.user.uid == 0 || std::string_view(set) == "bounding" ? json(kCapabilities) : json::array();
  }
  return {{"terminal", false},          {"user", user},
          {"args", request.arguments},  {"env", request.environment},
          {"cwd", request.working_dir}, {"capabilities", capabilities}};
}

json annotations(const Repeatable& repeatable) {
  json all = json::object();
  // A millisecond into the second that files have: make complains of files that are younger than the clock.
  if (repeatable.clock) all["app.kontain.clock"] = std::to_string(*repeatable.clock) + ".001";
  if (repeatable.random_seed) all["app.kontain.random-seed"] = std::to_string(*repeatable.random_seed);
  return all;
}

}  // namespace

std::string bundle_config(const RunRequest& request) {
  json namespaces = json::array();
  for (const char* type : {"pid", "ipc", "uts", "mount"}) namespaces.push_back({{"type", type}});
  if (request.network == Network::Off) namespaces.push_back({{"type", "network"}});
  json config = {{"ociVersion", "1.0.2"},
                 {"process", process(request)},
                 {"root",
                  {{"path", request.folder.empty() ? request.merged : request.folder + "/" + request.merged},
                   {"readonly", false}}},
                 {"hostname", "build"},
                 {"mounts", mounts(request)},
                 {"linux",
                  {{"namespaces", namespaces},
                   {"maskedPaths",
                    {"/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
                     "/proc/sched_debug", "/proc/scsi", "/sys/firmware"}},
                   {"readonlyPaths", {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"}}}}};
  if (request.repeatable.is_asked_for()) config["annotations"] = annotations(request.repeatable);
  return config.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace kontain::image::build
