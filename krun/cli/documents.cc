#include "krun/cli/documents.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "base/unique_fd.h"
#include "base/version.h"
#include "krun/cli/verbs.h"
#include "krun/sandbox/mount_options.h"
#include "krun/seccomp/profile.h"
#include "krun/spec/fields.h"
#include "krun/spec/parse.h"

namespace kontain::krun::cli {
namespace {

using json = nlohmann::ordered_json;

json mount(const char* destination, const char* type, const char* source, std::vector<std::string> options) {
  json made = {{"destination", destination}, {"type", type}, {"source", source}};
  if (!options.empty()) made["options"] = options;
  return made;
}

json mounts(bool rootless) {
  std::vector<std::string> pts = {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"};
  if (!rootless) pts.emplace_back("gid=5");
  const json sysfs = rootless ? mount("/sys", "none", "/sys", {"rbind", "nosuid", "noexec", "nodev", "ro"})
                              : mount("/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"});
  json list = {mount("/proc", "proc", "proc", {}),
               mount("/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}),
               mount("/dev/pts", "devpts", "devpts", pts),
               mount("/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}),
               mount("/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}),
               sysfs};
  if (!rootless) {
    list.push_back(mount("/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "noexec", "nodev", "relatime", "ro"}));
  }
  return list;
}

json process() {
  const json capabilities = {"CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"};
  return {{"terminal", true},
          {"user", {{"uid", 0}, {"gid", 0}}},
          {"args", {"sh"}},
          {"env", {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"}},
          {"cwd", "/"},
          {"capabilities", {{"bounding", capabilities}, {"effective", capabilities}, {"permitted", capabilities}}},
          {"rlimits", json::array({{{"type", "RLIMIT_NOFILE"}, {"hard", 1024}, {"soft", 1024}}})},
          {"noNewPrivileges", true}};
}

json linux_part(bool rootless) {
  json namespaces = json::array();
  for (const char* type : {"pid", "network", "ipc", "uts", "mount", "cgroup"}) {
    if (!rootless || std::string(type) != "network") namespaces.push_back({{"type", type}});
  }
  json part = {{"namespaces", namespaces},
               {"maskedPaths",
                {"/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
                 "/proc/timer_stats", "/proc/sched_debug", "/sys/firmware", "/proc/scsi"}},
               {"readonlyPaths", {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"}}};
  if (rootless) {
    part["namespaces"].push_back({{"type", "user"}});
    part["uidMappings"] = json::array({{{"containerID", 0}, {"hostID", geteuid()}, {"size", 1}}});
    part["gidMappings"] = json::array({{{"containerID", 0}, {"hostID", getegid()}, {"size", 1}}});
  } else {
    part["resources"] = {{"devices", json::array({{{"allow", false}, {"access", "rwm"}}})}};
  }
  return part;
}

json capability_names() {
  json names = json::array();
  for (int number = 0; spec::capability_number(spec::capability_name(number)) == number; ++number) {
    names.push_back(spec::capability_name(number));
  }
  return names;
}

}  // namespace

std::string example_config(const SpecOptions& options) {
  json config = {{"ociVersion", "1.2.0"},
                 {"process", process()},
                 {"root", {{"path", "rootfs"}, {"readonly", true}}},
                 {"hostname", "krun"},
                 {"mounts", mounts(options.rootless)},
                 {"linux", linux_part(options.rootless)}};
  if (options.kontain) {
    config["annotations"] = {
        {"app.kontain.trace", "off"}, {"app.kontain.thp", "auto"}, {"app.kontain.randomize", "on"}};
  }
  return config.dump(4) + "\n";
}

std::string features() {
  const json document = {
      {"ociVersionMin", "1.0.0"},
      {"ociVersionMax", "1.2.0"},
      {"hooks", {"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"}},
      {"mountOptions", sandbox::mount_option_names()},
      {"linux",
       {{"namespaces", {"cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"}},
        {"capabilities", capability_names()},
        {"cgroup", {{"v1", true}, {"v2", true}, {"systemd", false}, {"systemdUser", false}, {"rdma", false}}},
        {"seccomp",
         {{"enabled", true},
          {"actions", seccomp::action_names()},
          {"operators", seccomp::operator_names()},
          {"archs", {"SCMP_ARCH_X86_64"}},
          {"knownFlags", {"SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_TSYNC"}},
          {"supportedFlags", {"SECCOMP_FILTER_FLAG_LOG"}}}},
        {"apparmor", {{"enabled", true}}},
        {"selinux", {{"enabled", true}}},
        {"intelRdt", {{"enabled", false}}},
        {"mountExtensions", {{"idmap", {{"enabled", true}}}}}}},
      {"annotations",
       {{"app.kontain.krun.version", version()},
        {"app.kontain.krun.commit", git_sha()},
        {"org.opencontainers.runc.checkpoint.enabled", "false"}}},
      {"potentiallyUnsafeConfigAnnotations", json::array({"app.kontain."})}};
  return document.dump(4) + "\n";
}

namespace {

Result<int> write_example(const std::string& folder, const std::string& file, const SpecOptions& options) {
  const std::string path = folder + "/" + file;
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!fd) return fail_errno("spec", path, errno);
  const std::string text = example_config(options);
  if (write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return fail_errno("spec", path, errno);
  }
  return 0;
}

}  // namespace

void add_documents(CLI::App& app, Invocation& invocation) {
  CLI::App* verb = app.add_subcommand("spec", "write an example config.json");
  auto folder = std::make_shared<std::string>(".");
  auto file = std::make_shared<std::string>("config.json");
  auto options = std::make_shared<SpecOptions>();
  verb->add_option("-b,--bundle", *folder, "folder of the bundle");
  verb->add_option("-f,--file", *file, "name of the file");
  verb->add_flag("--rootless", options->rootless, "for a user without privileges");
  verb->add_flag("--kontain", options->kontain, "with km's annotations");
  verb->callback([&invocation, folder, file, options] {
    invocation.run = [folder, file, options] { return write_example(*folder, *file, *options); };
  });
  CLI::App* shown = app.add_subcommand("features", "print what krun can do");
  auto fields = std::make_shared<bool>(false);
  shown->add_flag("--fields", *fields, "every field of config.json, as markdown");
  shown->callback([&invocation, fields] {
    invocation.run = [fields]() -> Result<int> {
      print(*fields ? spec::fields_as_markdown() : features());
      return 0;
    };
  });
}

}  // namespace kontain::krun::cli
