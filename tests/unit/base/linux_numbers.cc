#include "tests/unit/base/linux_numbers.h"

#include <asm/unistd_64.h>

namespace kontain::test {
namespace {

constexpr LinuxCall kLinuxCalls[] = {
#define LINUX_SYSCALL(name) {__NR_##name, #name},
#include "linux_numbers.inc"
#undef LINUX_SYSCALL
};

}  // namespace

std::span<const LinuxCall> linux_calls() { return kLinuxCalls; }

}  // namespace kontain::test
