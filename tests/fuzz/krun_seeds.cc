// krun_seeds DIRECTORY: one small valid document for each parser that fuzz_krun chooses by its first byte.
#include <fstream>
#include <string>

#include "base/abi/start_order.h"
#include "krun/state/state.h"

using namespace kontain;

namespace {

const char* const kConfig = R"({"ociVersion":"1.2.0","root":{"path":"r"},"process":{"cwd":"/","args":["x"],
  "rlimits":[{"type":"RLIMIT_NOFILE","soft":1,"hard":1}],"capabilities":{"bounding":["CAP_KILL"]}},
  "mounts":[{"destination":"/x","type":"tmpfs","options":["ro"]}],"annotations":{"a":"b"},
  "hooks":{"poststop":[{"path":"/x","timeout":1}]},"linux":{"namespaces":[{"type":"mount"}],
  "resources":{"devices":[{"allow":false}],"memory":{"limit":1},"unified":{"a":"b"}},
  "seccomp":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_ERRNO",
  "args":[{"index":0,"value":0,"op":"SCMP_CMP_EQ"}]}]}}})";
const char* const kProcess = R"({"cwd":"/","args":["x"],"user":{"uid":1,"additionalGids":[2]},"env":["A=b"]})";
const char* const kResources = R"({"cpu":{"shares":1,"cpus":"0-1"},"pids":{"limit":2},"blockIO":{"weight":10}})";

std::string state_document() {
  krun::state::State state;
  state.id = "c";
  state.mounts_before = 1;
  state.cgroup = krun::cgroup::Cgroup(false, {{"memory", "/sys/fs/cgroup/memory/c"}});
  return krun::state::encode(state);
}

std::string start_order() {
  abi::StartOrder order;
  order.starter_fd = 3;
  order.program = "/bin/x";
  order.arguments = {"x", "y"};
  order.environment = {"A=b"};
  return abi::encode_start_order(order);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::string seeds[] = {kConfig,       kProcess,
                               kResources,    state_document(),
                               start_order(), "31 23 0:27 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 rw\n0::/a\n",
                               "rro\nsize=1"};
  for (size_t i = 0; i < std::size(seeds); ++i) {
    std::ofstream(std::string(argv[1]) + "/seed-" + std::to_string(i), std::ios::binary)
        << static_cast<char>(i) << seeds[i];
  }
  return 0;
}
