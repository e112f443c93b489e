#include "cli/host/judge.h"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <string_view>

#include "base/error.h"
#include "base/version.h"

namespace kontain::cli {
namespace {

// The oldest kernel with everything km asks of its host (close_range of 5.9, and what Debian 11 has been tested to
// need).
constexpr int kOldestMajor = 5;
constexpr int kOldestMinor = 10;
constexpr uint64_t kEnoughDescriptors = 1024;
// Both ranges of a guest (docs/adr/0003-two-guest-ranges.md) and the monitor itself: 128 TiB, in bytes.
constexpr uint64_t kAddressSpace = 128ULL << 40;

bool has_flag(const HostFacts& facts, std::string_view flag) {
  return std::ranges::find(facts.cpu_flags, flag) != facts.cpu_flags.end();
}

std::string tenths(uint64_t nanoseconds) {
  const uint64_t tenths_of_us = (nanoseconds + 50) / 100;
  return std::to_string(tenths_of_us / 10) + "." + std::to_string(tenths_of_us % 10) + " us";
}

Finding judge_cpu(const HostFacts& facts) {
  if (facts.machine != "x86_64") return {"cpu", Status::Problem, facts.machine, "Kontain runs on x86-64 only"};
  std::string kind = "no hardware virtualisation";
  if (has_flag(facts, "vmx")) kind = "Intel VMX";
  if (has_flag(facts, "svm")) kind = "AMD SVM";
  return {"cpu", Status::Ok, (facts.cpu_model.empty() ? "x86-64" : facts.cpu_model) + ", " + kind, ""};
}

Finding judge_kernel(const HostFacts& facts) {
  int major = 0;
  int minor = 0;
  const char* end = facts.kernel.data() + facts.kernel.size();
  const auto first = std::from_chars(facts.kernel.data(), end, major);
  if (first.ec == std::errc() && first.ptr != end) std::from_chars(first.ptr + 1, end, minor);
  const bool new_enough = major > kOldestMajor || (major == kOldestMajor && minor >= kOldestMinor);
  if (new_enough) return {"kernel", Status::Ok, facts.kernel, ""};
  return {"kernel", Status::Problem, facts.kernel, "Linux 5.10 or newer is needed"};
}

std::string advice_without_kvm(const HostFacts& facts) {
  if (has_flag(facts, "vmx")) return "load the module: modprobe kvm_intel (and see that /dev is the host's)";
  if (has_flag(facts, "svm")) return "load the module: modprobe kvm_amd (and see that /dev is the host's)";
  return "turn on virtualisation in the firmware, or nested virtualisation for this virtual machine; where neither is "
         "possible, boot a kernel with kvm_pvm and load that module (docs/guide/clouds.md)";
}

Finding judge_kvm(const HostFacts& facts) {
  if (!facts.kvm.exists) return {"kvm", Status::Problem, "there is no /dev/kvm", advice_without_kvm(facts)};
  if (facts.kvm.open_errno == 0) return {"kvm", Status::Ok, "/dev/kvm can be opened", ""};
  const std::string value = "/dev/kvm cannot be opened: " + errno_text(facts.kvm.open_errno);
  if (facts.kvm.open_errno != EACCES && facts.kvm.open_errno != EPERM) {
    return {"kvm", Status::Problem, value, "see the kernel's log: dmesg | grep -i kvm"};
  }
  const std::string advice =
      facts.kvm.group_may_use
          ? "as root: usermod -aG " + facts.kvm.group + " $USER, then log in again; or setfacl -m u:$USER:rw /dev/kvm"
          : "as root: setfacl -m u:$USER:rw /dev/kvm; in a container: --device /dev/kvm";
  return {"kvm", Status::Problem, value, advice};
}

Finding judge_self_test(const HostFacts& facts) {
  if (!facts.self_test) {
    return {"virtual-machine", Status::Problem,
            facts.self_test_problem.empty() ? "the self-test did not run" : facts.self_test_problem,
            "nothing runs before km --self-test passes"};
  }
  const SelfTest& test = *facts.self_test;
  std::string value = test.recipe == "A" ? "recipe A (kvm_pvm)" : "recipe " + test.recipe + " (hardware)";
  // Nobody has measured it where the hardware makes it cheap.
  if (test.exit_ns != 0) value += ", a call that leaves the guest takes " + tenths(test.exit_ns);
  if (test.exitless_ns != 0) value += ", one through memory " + tenths(test.exitless_ns);
  return {"virtual-machine", Status::Ok, value + "; calls: " + test.calls, ""};
}

Finding judge_cpus(const HostFacts& facts) {
  const std::string value = std::to_string(facts.cpus) + (facts.cpus == 1 ? " processor" : " processors");
  if (facts.cpus > 1) return {"processors", Status::Ok, value, ""};
  return {"processors", Status::Note, value, "calls without exits need a second processor: without, files are slower"};
}

Finding judge_address_space(const HostFacts& facts) {
  if (facts.legacy_va_layout == "1") {
    return {"address-space", Status::Problem, "vm.legacy_va_layout is 1", "as root: sysctl vm.legacy_va_layout=0"};
  }
  if (facts.address_space.hard != RLIM_INFINITY && facts.address_space.hard < kAddressSpace) {
    return {"address-space", Status::Problem,
            "ulimit -Hv is " + std::to_string(facts.address_space.hard >> 10) + " KiB",
            "remove the hard limit: a kontainer reserves its whole address range, without using memory"};
  }
  if (facts.overcommit == "2") {
    return {"address-space", Status::Note, "vm.overcommit_memory is 2",
            "memory that is only reserved counts there: a program may get ENOMEM; 0 or 1 is better"};
  }
  return {"address-space", Status::Ok, "unlimited", ""};
}

Finding judge_descriptors(const HostFacts& facts) {
  const std::string value =
      std::to_string(facts.descriptors.soft) + " of at most " + std::to_string(facts.descriptors.hard);
  if (facts.descriptors.hard >= kEnoughDescriptors) return {"descriptors", Status::Ok, value, ""};
  return {"descriptors", Status::Note, value, "km needs a few beside the program's: raise ulimit -Hn"};
}

Finding judge_registry(const HostFacts& facts) {
  if (facts.registry_usable) return {"registry", Status::Ok, facts.registry_folder, ""};
  return {"registry", Status::Note, facts.registry_folder + " cannot be used",
          "kontainers run, but kontain ps does not see them; a login session makes /run/user/UID"};
}

const char* cgroup_text(CgroupKind kind) {
  switch (kind) {
    case CgroupKind::V1: return "version 1";
    case CgroupKind::Hybrid: return "version 1, with a version 2 mount beside it";
    case CgroupKind::V2: return "version 2";
    case CgroupKind::None: break;
  }
  return "none mounted";
}

Finding judge_cgroups(const HostFacts& facts) {
  if (facts.cgroups != CgroupKind::None) return {"cgroups", Status::Ok, cgroup_text(facts.cgroups), ""};
  return {"cgroups", Status::Note, cgroup_text(facts.cgroups), "krun cannot limit containers"};
}

Finding judge_rootless(const HostFacts& facts) {
  if (facts.user == 0) return {"rootless", Status::Ok, "not needed: this is root", ""};
  if (!facts.user_namespaces) {
    return {"rootless", Status::Note, "user namespaces cannot be made",
            "as root: sysctl kernel.unprivileged_userns_clone=1 user.max_user_namespaces=10000"};
  }
  if (facts.subordinate_ids) return {"rootless", Status::Ok, "user namespaces and subordinate ids", ""};
  return {"rootless", Status::Note, "user namespaces, with one id only",
          "for images with several users: install uidmap, and give this user a range in /etc/subuid and /etc/subgid"};
}

Finding judge_network(const HostFacts& facts) {
  if (facts.user == 0) {
    if (!facts.ip.empty() && !facts.iptables.empty()) return {"network", Status::Ok, "bridge, by ip and iptables", ""};
    return {"network", Status::Note, facts.ip.empty() ? "there is no ip" : "there is no iptables",
            "for kontain run with a network: install iproute2 and iptables"};
  }
  const std::string helper = !facts.pasta.empty() ? facts.pasta : facts.slirp4netns;
  if (helper.empty()) {
    return {"network", Status::Note, "neither pasta nor slirp4netns", "for kontain run with a network: install passt"};
  }
  if (facts.tun) return {"network", Status::Ok, helper, ""};
  return {"network", Status::Note, helper + ", but /dev/net/tun cannot be opened", "as root: chmod 666 /dev/net/tun"};
}

Finding judge_sdk(const HostFacts& facts) {
  const std::string expected = std::string(version()) + " (" + git_sha() + ")";
  std::string missing;
  std::string other;
  for (const SdkTool& tool : facts.sdk) {
    if (tool.version_line.empty()) {
      missing += (missing.empty() ? "" : ", ") + tool.name;
    } else if (tool.version_line.find(expected) == std::string::npos) {
      other += (other.empty() ? "" : ", ") + tool.version_line;
    }
  }
  if (!missing.empty()) {
    return {"sdk", Status::Note, "not beside this program, or does not start: " + missing, "install the SDK again"};
  }
  if (!other.empty()) return {"sdk", Status::Note, "not of this version: " + other, "install the SDK again"};
  return {"sdk", Status::Ok, expected, ""};
}

Finding judge_engine(const Engine& engine) {
  if (engine.path.empty()) return {engine.name, Status::Note, "not installed", ""};
  if (engine.krun.empty()) {
    return {engine.name, Status::Note, engine.path + ", without krun", "install.sh --with-" + engine.name};
  }
  return {engine.name, Status::Ok, engine.path + ", with " + engine.krun, ""};
}

}  // namespace

const char* status_name(Status status) {
  switch (status) {
    case Status::Ok: return "ok";
    case Status::Note: return "note";
    case Status::Problem: break;
  }
  return "problem";
}

std::vector<Finding> judge(const HostFacts& facts) {
  constexpr Finding (*kChecks[])(const HostFacts&) = {
      judge_cpu,         judge_kernel,   judge_kvm,     judge_self_test, judge_cpus,    judge_address_space,
      judge_descriptors, judge_registry, judge_cgroups, judge_rootless,  judge_network, judge_sdk};
  std::vector<Finding> findings;
  for (const auto check : kChecks) findings.push_back(check(facts));
  for (const Engine& engine : facts.engines) findings.push_back(judge_engine(engine));
  return findings;
}

Status worst_of(const std::vector<Finding>& findings) {
  Status worst = Status::Ok;
  for (const Finding& finding : findings) worst = std::max(worst, finding.status);
  return worst;
}

}  // namespace kontain::cli
