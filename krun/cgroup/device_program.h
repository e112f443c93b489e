// Device rules of cgroup v2: an eBPF program that the kernel asks at every open and mknod.
#pragma once

#include <linux/bpf.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "krun/spec/model.h"

namespace kontain::krun::cgroup {

// The last rule that matches decides; nothing matches: refused. Pure.
std::vector<bpf_insn> device_program(const std::vector<spec::DeviceRule>& rules);

// Replaces the program of the cgroup `folder`.
Result<void> attach_device_program(const std::string& folder, const std::vector<spec::DeviceRule>& rules);

}  // namespace kontain::krun::cgroup
