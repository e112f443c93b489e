#include <catch2/catch.hpp>

#include "krun/cgroup/cgroup.h"
#include "krun/cgroup/device_program.h"
#include "krun/cgroup/layout.h"

namespace kontain::krun::cgroup {
namespace {

constexpr char kHybrid[] =
    "30 25 0:26 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
    "31 30 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
    "32 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
    "33 30 0:29 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n"
    "34 30 0:30 / /sys/fs/cgroup/unified rw shared:3 - cgroup2 cgroup2 rw\n"
    "short line\n";
constexpr char kOwn[] = "5:name=systemd:/\n4:memory:/a/b\n3:cpu,cpuacct:/\n0::/u/v\n";
constexpr char kUnified[] = "31 30 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";

TEST_CASE("hierarchies are told apart by looking") {
  const Layout hybrid = parse_layout(kHybrid, kOwn);
  CHECK(hybrid.hierarchies.size() == 4);
  CHECK_FALSE(hybrid.is_unified());
  REQUIRE(hybrid.find("memory"));
  CHECK(hybrid.find("memory")->own_path == "/a/b");
  CHECK(hybrid.find("cpuacct")->mount_point == "/sys/fs/cgroup/cpu,cpuacct");
  CHECK(parse_layout(kUnified, kOwn).is_unified());
  CHECK_FALSE(parse_layout("", "").is_unified());
}

TEST_CASE("where a container's cgroup is") {
  const Layout hybrid = parse_layout(kHybrid, kOwn);
  const auto absolute = Cgroup::plan(hybrid, "/docker/x", "id");
  REQUIRE(absolute);
  CHECK(absolute->folder_of("memory") == "/sys/fs/cgroup/memory/docker/x");
  CHECK(absolute->folder_of("cpuacct") == "/sys/fs/cgroup/cpu,cpuacct/docker/x");
  const auto by_id = Cgroup::plan(hybrid, "", "id");
  REQUIRE(by_id);
  CHECK(by_id->folder_of("memory") == "/sys/fs/cgroup/memory/a/b/id");
  const auto unified = Cgroup::plan(parse_layout(kUnified, kOwn), "", "id");
  REQUIRE(unified);
  CHECK(unified->folder_of("pids") == "/sys/fs/cgroup/u/id");
  for (const char* bad : {"/", "/../x", "a/../../b", "a.slice:b:c"}) CHECK_FALSE(Cgroup::plan(hybrid, bad, "id"));
}

// Runs the few instructions that device programs are made of.
int answer(const std::vector<bpf_insn>& code, uint32_t kind, uint32_t access, uint32_t major, uint32_t minor) {
  int64_t registers[11] = {};
  const uint32_t context[3] = {access << 16 | kind, major, minor};
  for (size_t at = 0; at < code.size(); ++at) {
    const bpf_insn& i = code[at];
    int64_t& to = registers[i.dst_reg];
    const int64_t operand = (i.code & BPF_X) ? registers[i.src_reg] : i.imm;
    switch (i.code & ~BPF_X) {
      case BPF_LDX | BPF_MEM | BPF_W: to = context[i.off / 4]; break;
      case BPF_ALU64 | BPF_MOV: to = operand; break;
      case BPF_ALU64 | BPF_AND: to &= operand; break;
      case BPF_ALU64 | BPF_RSH: to >>= operand; break;
      case BPF_JMP | BPF_JNE: at += to != operand ? static_cast<size_t>(i.off) : 0; break;
      case BPF_JMP | BPF_JEQ: at += to == operand ? static_cast<size_t>(i.off) : 0; break;
      case BPF_JMP | BPF_EXIT: return static_cast<int>(registers[0]);
      default: FAIL("unknown instruction");
    }
  }
  FAIL("no end");
  return -1;
}

TEST_CASE("device rules: the last that matches decides") {
  const auto code = device_program({{false, 'a', {}, {}, "rwm"},
                                    {true, 'c', 1, 3, "rwm"},
                                    {true, 'c', 5, {}, "r"},
                                    {false, 'c', 5, 1, "rwm"},
                                    {true, 'b', {}, {}, "m"}});
  CHECK(answer(code, BPF_DEVCG_DEV_CHAR, BPF_DEVCG_ACC_READ, 1, 3) == 1);
  CHECK(answer(code, BPF_DEVCG_DEV_CHAR, BPF_DEVCG_ACC_READ, 1, 4) == 0);
  CHECK(answer(code, BPF_DEVCG_DEV_CHAR, BPF_DEVCG_ACC_READ, 5, 0) == 1);
  CHECK(answer(code, BPF_DEVCG_DEV_CHAR, BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE, 5, 0) == 0);
  CHECK(answer(code, BPF_DEVCG_DEV_CHAR, BPF_DEVCG_ACC_READ, 5, 1) == 0);
  CHECK(answer(code, BPF_DEVCG_DEV_BLOCK, BPF_DEVCG_ACC_MKNOD, 8, 0) == 1);
  CHECK(answer(code, BPF_DEVCG_DEV_BLOCK, BPF_DEVCG_ACC_READ, 8, 0) == 0);
  CHECK(answer(device_program({}), BPF_DEVCG_DEV_CHAR, BPF_DEVCG_ACC_READ, 1, 3) == 0);
}

}  // namespace
}  // namespace kontain::krun::cgroup
