// What one km hands to the next when the payload executes a program. It travels in a sealed memory file that only a km
// makes. The new km is started through a descriptor (AT_EXECFN is /dev/fd/N) with one environment variable, the number
// of the memory file. No payload can do that, because none ever starts a native program.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "base/abi/start_order.h"
#include "base/error.h"
#include "base/unique_fd.h"
#include "km/config/options.h"
#include "km/mem/reservation.h"
#include "km/repeat/clock.h"
#include "km/repeat/random.h"
#include "km/task/limits.h"
#include "km/vcpu/cpuid.h"

namespace kontain::run {

// Descriptors are numbers of the process, valid on both sides; -1: none.
struct Handover {
  std::string name;  // for messages
  std::string executable_name;
  std::string executable;
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
  config::Options options;
  std::optional<vcpu::HostFacts> host;  // what the km before knew; nothing from a starter outside
  task::Limits limits;
  uint64_t signal_mask = 0;
  std::optional<uint32_t> personality;
  std::vector<std::string> seccomp_filters;  // km/seccomp
  int program_fd = -1;
  int interpreter_fd = -1;
  int kvm_fd = -1;
  int self_fd = -1;
  int trace_fd = -1;
  bool trace_names_threads = false;
  int registry_fd = -1;
  int procfs_fd = -1;  // base/procfs.h
  std::array<int, 7> descriptors() const {
    return {program_fd, interpreter_fd, kvm_fd, self_fd, trace_fd, registry_fd, procfs_fd};
  }
  std::string registry_path;  // of the file behind it, when this process is all there ever was of its tree
  uint64_t run_device = 0;    // task::Process
  std::optional<repeat::ClockState> clock;
  std::optional<repeat::RandomKey> random;
  bool shares_folders = false;
};

// The bytes of the memory file, and back: nothing when they are no whole handover.
std::string encode_handover(const Handover& handover);
std::optional<Handover> decode_handover(const std::string& bytes);

// A sealed memory file with `handover` in it.
Result<UniqueFd> make_handover_file(const Handover& handover);

// The handover this process was started with, if it was started by a km for an exec. Closes the memory file.
std::optional<Handover> take_handover();
// The environment string that names the memory file to the next km.
std::string handover_variable(int number);

// The other thing that is handed over: what the limits were, by a km that had to change them before it could start
// (mem::retry_with_relaxed_limits) and executes itself with the same arguments and environment.
Result<UniqueFd> make_start_limits_file(const mem::StartLimits& limits);
// What this process was started with, if so. Closes the memory file, and the environment does not name it any more.
std::optional<mem::StartLimits> take_start_limits();

// The third: what a starter outside a container orders (base/abi/start_order.h). Closes the memory file.
std::optional<abi::StartOrder> take_start_order();
Result<UniqueFd> make_start_order_file(const abi::StartOrder& order);

// Executes this program again with the memory file `file`. Returns only on failure. `self`: its executable, O_PATH;
// without one it is found in /proc.
void execute_again(const UniqueFd& file, char** argv, char** environment, int self = -1);

}  // namespace kontain::run
