#include "krun/spec/fields.h"

#include "base/text.h"

namespace kontain::krun::spec {
namespace {

using enum Treatment;

constexpr FieldRow kFields[] = {
    {"ociVersion", Honoured, "any 1.x"},
    {"process", Honoured, ""},
    {"process.terminal", Honoured, ""},
    {"process.consoleSize.height", Honoured, ""},
    {"process.consoleSize.width", Honoured, ""},
    {"process.cwd", Honoured, "made if it is missing; must lie inside the container"},
    {"process.env", Honoured, ""},
    {"process.args", Honoured, ""},
    {"process.commandLine", Ignored, "Windows"},
    {"process.user.uid", Honoured, ""},
    {"process.user.gid", Honoured, ""},
    {"process.user.umask", Honoured, ""},
    {"process.user.additionalGids", Honoured, ""},
    {"process.user.username", Ignored, "Windows"},
    {"process.capabilities.bounding", Honoured, "without those that krun itself cannot give, with a warning"},
    {"process.capabilities.effective", Honoured, "the same"},
    {"process.capabilities.inheritable", Honoured, "the same"},
    {"process.capabilities.permitted", Honoured, "the same"},
    {"process.capabilities.ambient", Honoured, "the same"},
    {"process.rlimits", Honoured, "a hard RLIMIT_AS that km's two address ranges do not fit into makes start fail"},
    {"process.noNewPrivileges", Honoured, "set-user-ID programs gain nothing in a kontainer anyway"},
    {"process.oomScoreAdj", Honoured, ""},
    {"process.apparmorProfile", Honoured, "an error where AppArmor is not enabled"},
    {"process.selinuxLabel", Honoured, "an error where SELinux is not enabled"},
    {"process.scheduler", Honoured, ""},
    {"process.ioPriority.class", Honoured, ""},
    {"process.ioPriority.priority", Honoured, ""},
    {"process.execCPUAffinity.initial", Honoured, "of exec"},
    {"process.execCPUAffinity.final", Honoured, "of exec"},
    {"root.path", Honoured, ""},
    {"root.readonly", Honoured, ""},
    {"hostname", Honoured, ""},
    {"domainname", Honoured, ""},
    {"mounts", Honoured,
     "where none is at /proc, a procfs is; without a pid namespace it shows each process only itself, "
     "and with a user namespace besides it is an error"},
    {"hooks.prestart", Honoured, ""},
    {"hooks.createRuntime", Honoured, ""},
    {"hooks.createContainer", Honoured, "programs of the host, run natively in the container's namespaces"},
    {"hooks.startContainer", Honoured,
     "programs of the image, each in a virtual machine of its own; one that fails makes start fail"},
    {"hooks.poststart", Honoured, ""},
    {"hooks.poststop", Honoured, ""},
    {"annotations", Honoured, "app.kontain.* of the list in docs/configuration.md; others are only shown"},
    {"linux.uidMappings", Honoured, ""},
    {"linux.gidMappings", Honoured, ""},
    {"linux.namespaces", Honoured,
     "without a mount namespace the root is a mount of the host's until delete, and CAP_SYS_CHROOT is not given"},
    {"linux.devices", Honoured, "/dev/kvm and its kind can be named and cannot be opened"},
    {"linux.cgroupsPath", Honoured, "a path; systemd's slice:prefix:name is an error"},
    {"linux.timeOffsets.monotonic", Honoured, ""},
    {"linux.timeOffsets.boottime", Honoured, ""},
    {"linux.sysctl", Honoured, "those of namespaces that the container has for itself"},
    {"linux.resources.devices", Honoured, "lists (v1) and an eBPF program (v2)"},
    {"linux.resources.memory.limit", Honoured, ""},
    {"linux.resources.memory.reservation", Honoured, ""},
    {"linux.resources.memory.swap", Honoured, ""},
    {"linux.resources.memory.kernel", Ignored, "removed from Linux"},
    {"linux.resources.memory.kernelTCP", Honoured, "an error with cgroup v2"},
    {"linux.resources.memory.swappiness", Honoured, "an error with cgroup v2"},
    {"linux.resources.memory.disableOOMKiller", Honoured, "an error with cgroup v2"},
    {"linux.resources.memory.useHierarchy", Ignored, "always on"},
    {"linux.resources.memory.checkBeforeUpdate", Honoured, ""},
    {"linux.resources.cpu.shares", Honoured, ""},
    {"linux.resources.cpu.quota", Honoured, ""},
    {"linux.resources.cpu.burst", Honoured, ""},
    {"linux.resources.cpu.period", Honoured, ""},
    {"linux.resources.cpu.realtimeRuntime", Honoured, "an error with cgroup v2"},
    {"linux.resources.cpu.realtimePeriod", Honoured, "an error with cgroup v2"},
    {"linux.resources.cpu.cpus", Honoured, ""},
    {"linux.resources.cpu.mems", Honoured, ""},
    {"linux.resources.cpu.idle", Honoured, ""},
    {"linux.resources.pids.limit", Honoured, ""},
    {"linux.resources.blockIO.weight", Honoured, ""},
    {"linux.resources.blockIO.leafWeight", Honoured, "an error with cgroup v2"},
    {"linux.resources.blockIO.weightDevice", Honoured, ""},
    {"linux.resources.blockIO.throttleReadBpsDevice", Honoured, ""},
    {"linux.resources.blockIO.throttleWriteBpsDevice", Honoured, ""},
    {"linux.resources.blockIO.throttleReadIOPSDevice", Honoured, ""},
    {"linux.resources.blockIO.throttleWriteIOPSDevice", Honoured, ""},
    {"linux.resources.hugepageLimits", Honoured, "an error where the host has no hugetlb controller for that size"},
    {"linux.resources.network.classID", Refused, "the net_cls controller is not supported"},
    {"linux.resources.network.priorities", Refused, "the net_prio controller is not supported"},
    {"linux.resources.rdma", Refused, "the rdma controller is not supported yet"},
    {"linux.resources.unified", Honoured, "an error with cgroup v1"},
    {"linux.seccomp.defaultAction", Honoured, "evaluated by km over the payload's calls"},
    {"linux.seccomp.defaultErrnoRet", Honoured, ""},
    {"linux.seccomp.architectures", Honoured, "only x86-64 calls exist in a kontainer"},
    {"linux.seccomp.flags", Honoured, "LOG; TSYNC and SPEC_ALLOW have no effect before there are threads"},
    {"linux.seccomp.listenerPath", Refused, "SCMP_ACT_NOTIFY is not supported yet"},
    {"linux.seccomp.listenerMetadata", Ignored, "there is no listener"},
    {"linux.seccomp.syscalls", Honoured, ""},
    {"linux.rootfsPropagation", Honoured, ""},
    {"linux.maskedPaths", Honoured, ""},
    {"linux.readonlyPaths", Honoured, ""},
    {"linux.mountLabel", Honoured, "of no effect, with a warning, where SELinux is not enabled"},
    {"linux.intelRdt", Refused, "resource director technology is not supported yet"},
    {"linux.personality", Refused, "a kontainer has one personality at its start"},
    {"linux.netDevices", Refused, "moving network devices is not supported yet"},
    {"linux.memoryPolicy", Refused, "memory policies are not supported yet"},
    {"vm.hypervisor.path", Ignored, "krun starts its own km and nothing else"},
    {"vm.hypervisor.parameters", Honoured, "km options that an annotation may set, as --KEY=VALUE"},
    {"vm.kernel.path", Ignored, "a kontainer has no guest kernel"},
    {"vm.kernel.parameters", Ignored, "the same"},
    {"vm.kernel.initrd", Ignored, "the same"},
    {"vm.image", Refused, "the root file system is root.path"},
    {"solaris", Ignored, "another system"},
    {"windows", Ignored, "another system"},
    {"zos", Ignored, "another system"},
    {"freebsd", Ignored, "another system"},
};

Reader find(const Reader& top, std::string_view field) {
  Reader reader = top;
  for (const std::string& key : split(field, '.')) reader = reader[key.c_str()];
  return reader;
}

const char* treatment_text(Treatment treatment) {
  switch (treatment) {
    case Honoured: return "honoured";
    case Refused: return "refused";
    default: return "ignored";
  }
}

}  // namespace

std::span<const FieldRow> field_table() { return kFields; }

void refuse_fields(const Reader& top, std::string_view part) {
  const std::string prefix = part.empty() ? "" : std::string(part) + ".";
  for (const FieldRow& row : kFields) {
    if (row.treatment != Refused || !row.field.starts_with(prefix)) continue;
    const Reader field = find(top, row.field.substr(prefix.size()));
    if (field.is_set()) field.fail("refused: " + std::string(row.note));
  }
}

std::string fields_as_markdown() {
  std::string text =
      "# What krun does with config.json\n\n"
      "<!-- Generated by `krun`'s field table (`krun features --fields`); a test compares the two. -->\n\n"
      "A refused field that is set is an error with its name: what a configuration asks for is never left out "
      "silently.\n\n"
      "| field | | |\n|---|---|---|\n";
  for (const FieldRow& row : kFields) {
    text += "| `" + std::string(row.field) + "` | " + treatment_text(row.treatment) + " | " + std::string(row.note) +
            " |\n";
  }
  return text;
}

}  // namespace kontain::krun::spec
