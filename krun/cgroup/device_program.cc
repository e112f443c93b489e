#include "krun/cgroup/device_program.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "base/unique_fd.h"

namespace kontain::krun::cgroup {
namespace {

constexpr uint8_t kKind = BPF_REG_2, kAccess = BPF_REG_3, kMajor = BPF_REG_4, kMinor = BPF_REG_5, kScratch = BPF_REG_6;

bpf_insn instruction(uint8_t code, uint8_t to, uint8_t from, int16_t offset, int32_t value) {
  bpf_insn made = {};
  made.code = code;
  made.dst_reg = to & 0xf;
  made.src_reg = from & 0xf;
  made.off = offset;
  made.imm = value;
  return made;
}

bpf_insn load_field(uint8_t to, size_t offset) {
  return instruction(BPF_LDX | BPF_MEM | BPF_W, to, BPF_REG_1, static_cast<int16_t>(offset), 0);
}

// Jumps are to the end of the rule's block, which is filled in when its length is known.
class Block {
 public:
  void skip_unless_equal(uint8_t left, int32_t value) {
    skips_.push_back(code_.size());
    code_.push_back(instruction(BPF_JMP | BPF_JNE | BPF_K, left, 0, 0, value));
  }
  // Skips when the access asks for more than `allowed`, or, for a refusal, for nothing of it.
  void skip_unless_access(int32_t mask, bool allow) {
    code_.push_back(instruction(BPF_ALU64 | BPF_MOV | BPF_X, kScratch, kAccess, 0, 0));
    code_.push_back(instruction(BPF_ALU64 | BPF_AND | BPF_K, kScratch, 0, 0, allow ? ~mask & 7 : mask));
    skips_.push_back(code_.size());
    code_.push_back(instruction(BPF_JMP | (allow ? BPF_JNE : BPF_JEQ) | BPF_K, kScratch, 0, 0, 0));
  }
  void answer(bool allow, std::vector<bpf_insn>& program) {
    code_.push_back(instruction(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, allow ? 1 : 0));
    code_.push_back(instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));
    for (const size_t at : skips_) code_[at].off = static_cast<int16_t>(code_.size() - at - 1);
    program.insert(program.end(), code_.begin(), code_.end());
  }

 private:
  std::vector<bpf_insn> code_;
  std::vector<size_t> skips_;
};

int32_t access_bits(const std::string& access) {
  int32_t bits = 0;
  for (const char c : access)
    bits |= c == 'r' ? BPF_DEVCG_ACC_READ : c == 'w' ? BPF_DEVCG_ACC_WRITE : BPF_DEVCG_ACC_MKNOD;
  return bits;
}

void add_rule(const spec::DeviceRule& rule, std::vector<bpf_insn>& program) {
  Block block;
  const int32_t bits = access_bits(rule.access);
  if (rule.type != 'a') {
    block.skip_unless_equal(kKind, rule.type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
    if (bits != 7) block.skip_unless_access(bits, rule.allow);
    if (rule.major) block.skip_unless_equal(kMajor, static_cast<int32_t>(*rule.major));
    if (rule.minor) block.skip_unless_equal(kMinor, static_cast<int32_t>(*rule.minor));
  }
  block.answer(rule.allow, program);
}

long bpf(int command, bpf_attr& attributes) { return syscall(SYS_bpf, command, &attributes, sizeof attributes); }

// Programs of an earlier apply().
void detach_others(int folder) {
  uint32_t ids[64] = {};
  bpf_attr query = {};
  query.query.target_fd = static_cast<uint32_t>(folder);
  query.query.attach_type = BPF_CGROUP_DEVICE;
  query.query.prog_cnt = std::size(ids);
  query.query.prog_ids = reinterpret_cast<uint64_t>(ids);
  if (bpf(BPF_PROG_QUERY, query) != 0) return;
  for (uint32_t i = 0; i < query.query.prog_cnt && i < std::size(ids); ++i) {
    bpf_attr by_id = {};
    by_id.prog_id = ids[i];
    const UniqueFd program(static_cast<int>(bpf(BPF_PROG_GET_FD_BY_ID, by_id)));
    if (!program) continue;
    bpf_attr detach = {};
    detach.target_fd = static_cast<uint32_t>(folder);
    detach.attach_bpf_fd = static_cast<uint32_t>(program.get());
    detach.attach_type = BPF_CGROUP_DEVICE;
    bpf(BPF_PROG_DETACH, detach);
  }
}

}  // namespace

std::vector<bpf_insn> device_program(const std::vector<spec::DeviceRule>& rules) {
  // bpf_cgroup_dev_ctx: access_type holds the kind in its low and the access in its high half.
  std::vector<bpf_insn> program = {
      load_field(kKind, offsetof(bpf_cgroup_dev_ctx, access_type)),
      instruction(BPF_ALU64 | BPF_MOV | BPF_X, kAccess, kKind, 0, 0),
      instruction(BPF_ALU64 | BPF_AND | BPF_K, kKind, 0, 0, 0xffff),
      instruction(BPF_ALU64 | BPF_RSH | BPF_K, kAccess, 0, 0, 16),
      load_field(kMajor, offsetof(bpf_cgroup_dev_ctx, major)),
      load_field(kMinor, offsetof(bpf_cgroup_dev_ctx, minor)),
  };
  // Behind a rule for all devices the verifier would find what cannot be reached.
  bool decided = false;
  for (auto rule = rules.rbegin(); rule != rules.rend() && !decided; ++rule) {
    add_rule(*rule, program);
    decided = rule->type == 'a';
  }
  if (!decided) {
    program.push_back(instruction(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0));
    program.push_back(instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));
  }
  return program;
}

Result<void> attach_device_program(const std::string& folder, const std::vector<spec::DeviceRule>& rules) {
  const std::vector<bpf_insn> code = device_program(rules);
  const UniqueFd cgroup(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!cgroup) return fail_errno("device rules", folder, errno);
  bpf_attr load = {};
  load.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  load.insns = reinterpret_cast<uint64_t>(code.data());
  load.insn_cnt = static_cast<uint32_t>(code.size());
  load.license = reinterpret_cast<uint64_t>("Apache-2.0");
  const UniqueFd program(static_cast<int>(bpf(BPF_PROG_LOAD, load)));
  if (!program) return fail_errno("device rules", "BPF_PROG_LOAD", errno);
  detach_others(cgroup.get());
  bpf_attr attach = {};
  attach.target_fd = static_cast<uint32_t>(cgroup.get());
  attach.attach_bpf_fd = static_cast<uint32_t>(program.get());
  attach.attach_type = BPF_CGROUP_DEVICE;
  attach.attach_flags = BPF_F_ALLOW_MULTI;
  if (bpf(BPF_PROG_ATTACH, attach) != 0) return fail_errno("device rules", "BPF_PROG_ATTACH", errno);
  return {};
}

}  // namespace kontain::krun::cgroup
