#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <cerrno>

#include "base/version.h"
#include "cli/host/facts.h"
#include "cli/host/judge.h"

namespace kontain::test {
namespace {

using namespace cli;

// A host on which there is nothing to say.
HostFacts good_host() {
  HostFacts facts;
  facts.machine = "x86_64";
  facts.kernel = "6.1.0-18-amd64";
  facts.cpu_flags = {"fpu", "svm"};
  facts.cpus = 4;
  facts.kvm.exists = true;
  facts.self_test = SelfTest{"B", 1200, 0, "exit", true};
  const std::string tail = std::string(" ") + version() + " (" + git_sha() + ")";
  facts.sdk = {{"km", "km" + tail}, {"krun", "krun" + tail}};
  facts.address_space = {RLIM_INFINITY, RLIM_INFINITY};
  facts.descriptors = {1024, 4096};
  facts.legacy_va_layout = "0";
  facts.overcommit = "0";
  facts.registry_usable = true;
  facts.cgroups = CgroupKind::V2;
  facts.ip = "/usr/sbin/ip";
  facts.iptables = "/usr/sbin/iptables";
  return facts;
}

Finding finding(const HostFacts& facts, const std::string& check) {
  for (Finding& found : judge(facts)) {
    if (found.check == check) return std::move(found);
  }
  return {};
}

TEST_CASE("a good host has no findings to act on") {
  for (const Finding& found : judge(good_host())) {
    INFO(found.check << ": " << found.value);
    CHECK(found.status == Status::Ok);
    CHECK(found.advice.empty());
  }
}

TEST_CASE("what keeps kontainers from running is a problem with advice") {
  struct Row {
    const char* check;
    void (*spoil)(HostFacts&);
    const char* advice;
  };
  const Row rows[] = {
      {"cpu", [](HostFacts& facts) { facts.machine = "aarch64"; }, "x86-64"},
      {"kernel", [](HostFacts& facts) { facts.kernel = "5.4.0-100-generic"; }, "5.10"},
      {"kernel", [](HostFacts& facts) { facts.kernel = "nonsense"; }, "5.10"},
      {"kvm", [](HostFacts& facts) { facts.kvm.exists = false; }, "modprobe kvm_amd"},
      {"kvm", [](HostFacts& facts) { facts.kvm = {true, EACCES, "kvm", true}; }, "usermod -aG kvm"},
      {"kvm", [](HostFacts& facts) { facts.kvm = {true, EACCES, "root", false}; }, "setfacl"},
      {"kvm", [](HostFacts& facts) { facts.kvm.open_errno = EBUSY; }, "dmesg"},
      {"virtual-machine", [](HostFacts& facts) { facts.self_test.reset(); }, "self-test"},
      {"address-space", [](HostFacts& facts) { facts.legacy_va_layout = "1"; }, "sysctl"},
      {"address-space", [](HostFacts& facts) { facts.address_space.hard = 1ULL << 40; }, "hard limit"},
  };
  for (const Row& row : rows) {
    HostFacts facts = good_host();
    row.spoil(facts);
    const Finding found = finding(facts, row.check);
    INFO(row.check << ": " << found.value << " -> " << found.advice);
    CHECK(found.status == Status::Problem);
    CHECK(found.advice.find(row.advice) != std::string::npos);
    CHECK(worst_of(judge(facts)) == Status::Problem);
  }
}

TEST_CASE("what is only missing is a note") {
  struct Row {
    const char* check;
    void (*spoil)(HostFacts&);
  };
  const Row rows[] = {
      {"processors", [](HostFacts& facts) { facts.cpus = 1; }},
      {"address-space", [](HostFacts& facts) { facts.overcommit = "2"; }},
      {"descriptors", [](HostFacts& facts) { facts.descriptors.hard = 256; }},
      {"registry", [](HostFacts& facts) { facts.registry_usable = false; }},
      {"cgroups", [](HostFacts& facts) { facts.cgroups = CgroupKind::None; }},
      {"rootless", [](HostFacts& facts) { facts.user = 1000; }},
      {"network", [](HostFacts& facts) { facts.ip = ""; }},
      {"sdk", [](HostFacts& facts) { facts.sdk[0].version_line = "km 9.9.9 (000000000000)"; }},
      {"sdk", [](HostFacts& facts) { facts.sdk[1].version_line = ""; }},
      {"docker", [](HostFacts& facts) { facts.engines = {{"docker", "/usr/bin/docker", ""}}; }},
  };
  for (const Row& row : rows) {
    HostFacts facts = good_host();
    row.spoil(facts);
    INFO(row.check);
    CHECK(finding(facts, row.check).status == Status::Note);
    CHECK(worst_of(judge(facts)) == Status::Note);
  }
}

TEST_CASE("the oldest kernel is told from older ones") {
  HostFacts facts = good_host();
  for (const char* fine : {"5.10.0", "5.11", "6.0.1-x", "10.0"}) {
    facts.kernel = fine;
    CHECK(finding(facts, "kernel").status == Status::Ok);
  }
  for (const char* old : {"5.9.16", "4.19.0", "5", ""}) {
    facts.kernel = old;
    CHECK(finding(facts, "kernel").status == Status::Problem);
  }
}

TEST_CASE("what a call costs is said where it was measured") {
  HostFacts facts = good_host();
  facts.self_test = SelfTest{.recipe = "A", .exit_ns = 32060, .exitless_ns = 1800, .calls = "exitless"};
  CHECK(finding(facts, "virtual-machine").value ==
        "recipe A (kvm_pvm), a call that leaves the guest takes 32.1 us, one through memory 1.8 us; calls: exitless");
  facts.self_test = SelfTest{.recipe = "B", .calls = "exit"};
  CHECK(finding(facts, "virtual-machine").value == "recipe B (hardware); calls: exit");
}

TEST_CASE("the self-test's text") {
  const auto test =
      parse_self_test(R"({"recipe":"A","exit_ns":32000,"exitless_ns":1800,"calls":"exitless","vdso":true})");
  REQUIRE(test);
  CHECK(test->recipe == "A");
  CHECK(test->exit_ns == 32000);
  CHECK(test->exitless_ns == 1800);
  CHECK(test->vdso);
  for (const char* text :
       {"", "[]", "{}", R"({"recipe":1,"calls":"exit"})", R"({"recipe":"A"})", "{\"recipe\":\"A\""}) {
    CHECK_FALSE(parse_self_test(text));
  }
}

TEST_CASE("the kind of cgroups by the mounts") {
  const std::string v1 = "30 20 0:26 / /sys/fs/cgroup/memory rw shared:1 - cgroup cgroup rw,memory\n";
  const std::string v2 = "31 20 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
  CHECK(cgroup_kind("") == CgroupKind::None);
  CHECK(cgroup_kind("20 1 8:1 / / rw - ext4 cgroup rw\n") == CgroupKind::None);
  CHECK(cgroup_kind(v1) == CgroupKind::V1);
  CHECK(cgroup_kind(v2) == CgroupKind::V2);
  CHECK(cgroup_kind(v1 + v2) == CgroupKind::Hybrid);
}

TEST_CASE("krun in the engines' configuration") {
  CHECK(krun_in_docker(R"({"runtimes":{"krun":{"path":"/opt/kontain/bin/krun"}}})") == "/opt/kontain/bin/krun");
  for (const char* text : {"", "[]", "{}", R"({"runtimes":[]})", R"({"runtimes":{"krun":"x"}})",
                           R"({"runtimes":{"krun":{"path":7}}})", R"({"runtimes":{"other":{"path":"/x"}}})"}) {
    CHECK(krun_in_docker(text).empty());
  }
  CHECK(krun_in_toml("[engine.runtimes]\nkrun = [ \"/a/krun\", \"/b/krun\" ]\n") == "/a/krun");
  CHECK(krun_in_toml("[plugins.\"x\".containerd.runtimes.krun]\n  runtime_type = \"io.containerd.runc.v2\"\n"
                     "[plugins.\"x\".containerd.runtimes.krun.options]\n  BinaryName = \"/c/krun\"\n") == "/c/krun");
  for (const char* text :
       {"", "# krun = [\"/a\"]\n", "[engine.runtimes]\n#krun = [\"/a\"]\n", "krun = [\"/a\"]\n",
        "[plugins.runtimes.runc.options]\nBinaryName = \"/c/runc\"\n", "[engine.runtimes]\nkrun = \"\n"}) {
    CHECK(krun_in_toml(text).empty());
  }
}

}  // namespace
}  // namespace kontain::test
