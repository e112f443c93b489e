// The parts of one running monitor process, and how payload threads and processes come and go in it. For km/run only;
// monitor.h is the way in.
#pragma once

#include <pthread.h>

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "km/config/options.h"
#include "km/fd/monitor_fds.h"
#include "km/kvm/system.h"
#include "km/load/loader.h"
#include "km/mem/address_space.h"
#include "km/registry/registry.h"
#include "km/run/call_service.h"
#include "km/run/call_trace.h"
#include "km/run/handover.h"
#include "km/run/program_search.h"
#include "km/run/starter.h"
#include "km/run/thread_stop.h"
#include "km/task/task.h"
#include "km/vcpu/machine.h"

namespace kontain::run {

inline constexpr uint64_t kClearSighand = 0x1'0000'0000;  // CLONE_CLEAR_SIGHAND
// What it asks for: handled signals go back to the default, ignored ones stay ignored.
void reset_handlers(task::Process& process);

class Monitor final : public task::Lifecycle {
 public:
  // `handover`: what the km before us left, after an exec.
  static Result<std::unique_ptr<Monitor>> create(const config::Options& options, const Handover* handover);

  // The limits that the payload has to see, where the monitor's are others.
  void adopt_limits(const mem::StartLimits& original);
  // Takes the program and closes its files: the payload must not find them among its descriptors.
  load::Loaded<void> load(FoundProgram found, const std::vector<std::string>& environment);
  // Who typed the command is told where a fault was. Not the parents of processes, nor the readers of a container's
  // output: natively nothing is written there.
  void report_faults() { reports_faults_ = true; }
  // Lets people find the kontainer that `program` starts (km/registry).
  void enroll(const std::string& program);
  // The program is about to run, and whoever waits at the pipe's other end shall know; -1: nobody does.
  void attach_starter(int pipe);
  // Behind it: what is open and not ours is the payload's.
  void adopt_descriptors(const Handover* handover);
  // Runs the main thread. Returns never: the process ends as the payload does.
  [[noreturn]] void run();

  mem::GuestResult<pid_t> create_thread(task::Task& caller, const task::CloneRequest& request) override;
  mem::GuestResult<pid_t> fork(task::Task& caller, const task::CloneRequest& request) override;
  mem::GuestResult<pid_t> vfork(task::Task& caller, const task::CloneRequest& request) override;
  mem::Errno execute(task::Task& caller, task::ExecRequest request) override;

  mem::AddressSpace& memory() { return *memory_; }
  CallTrace* trace() { return trace_ ? &*trace_ : nullptr; }
  // Ends the process as the payload ended, with its core if it leaves one; `task` is the thread that says so, in
  // `call`.
  [[noreturn]] void end_process(task::Task& task, const Outcome& outcome, const LastCall& call);

 private:
  struct ThreadStart;
  struct VforkStart;
  struct ServerStart;
  class ForkLocks;
  class TakenNumbers;
  struct HostExec;

  explicit Monitor(kvm::System system) : system_(std::move(system)) {}
  Result<void> open_trace(const Handover* handover);
  void adopt_registration(const Handover& handover);
  void keep_registration();
  // The tree is about to have another process: whichever is the last, none of them removes the registry's file.
  void share_registration();
  Result<void> keep_executable(const UniqueFd& program);
  void adopt_state(vcpu::Cpu& cpu, const Handover* handover);
  void make_repeatable(const Handover* handover);
  Result<void> keep(UniqueFd& fd);
  Result<void> keep_procfs();
  // For fd::MonitorFds::on_renumber.
  bool renumber_fd(int from, int to);
  void leave_core(task::Task& task, const signal::FatalSignal& signal, const LastCall& call);

  // Threads (threads.cc).
  Result<vcpu::Cpu*> create_cpu_in_room();
  static void* thread_main(void* start);
  // Runs `task` on this host thread until it ends, or until the process does; returns the thread's status.
  int run_task(task::Task& task);
  // `clear_child_tid`: whoever waits for that word expects the thread to be gone, so it is cleared last.
  [[noreturn]] static void exit_host_thread(int status, uint64_t clear_child_tid);
  pid_t start_server_thread(std::shared_ptr<exitless::Server> server);
  static void* server_main(void* start);
  void reap_finished_threads();
  // What set_tid_address(2) asks for when a thread ends; 0 is nowhere.
  static void clear_tid_word(uint64_t address);

  // Processes (fork.cc, vfork.cc, exec.cc).
  void become_forked_child(task::Task& task, const task::CloneRequest& request, const vcpu::Context& context,
                           bool had_other_threads, const std::optional<repeat::RandomKey>& random);
  static int vfork_child_main(void* start);
  int prepare_exec(task::Task& caller, task::ExecRequest request, TakenNumbers& taken, HostExec& host);
  Handover describe_exec(task::Task& task, FoundProgram& found, std::vector<std::string> environment);

  kvm::System system_;
  fd::MonitorFds fds_;
  std::unique_ptr<vcpu::Machine> machine_;
  std::optional<mem::AddressSpace> memory_;
  std::unique_ptr<task::Process> process_;
  std::unique_ptr<task::Task> main_task_;
  Starter starter_{fds_};
  std::optional<CallTrace> trace_;
  std::unique_ptr<CallService> calls_;
  std::unique_ptr<ThreadStop> thread_stop_ = std::make_unique<ThreadStop>();
  config::Options options_;
  std::string name_;  // of the program, for messages
  bool reports_faults_ = false;
  UniqueFd self_;  // our own executable, for exec
  registry::Registration registration_{UniqueFd(), ""};

  // Guards making, ending and reaping host threads; the C library's own lists are touched under it only, so that a
  // fork finds them whole.
  std::mutex threads_lock_;
  std::vector<pthread_t> finished_;
  pid_t leader_ = 0;  // the first thread of the process: it is nobody's to reap
};

}  // namespace kontain::run
