// A payload for the handlers' tests: memory inside a guest range and a task, without a virtual machine. The host's
// kernel answers the calls, and guest addresses are addresses of this process, as in the monitor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/unique_fd.h"
#include "km/sys/args.h"
#include "tests/unit/mem/fake_slots.h"

namespace kontain::test {

class Guest {
 public:
  Guest();
  ~Guest();
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;

  task::Task& task() { return task_; }
  task::Process& process() { return process_; }

  // Runs the system call `name` through dispatch(): its result, or -errno.
  template <class... Args>
  int64_t call(std::string_view name, Args... args) {
    return call_raw(name, {to_raw(args)...});
  }
  int64_t call_raw(std::string_view name, std::initializer_list<uint64_t> args);

  // What a test has opened itself is the payload's; call() does this first.
  void take_open_descriptors();

  // A zeroed object in guest memory, good until the Guest is destroyed.
  template <class T>
  T* make() {
    return static_cast<T*>(allocate(sizeof(T)));
  }
  template <class T>
  T* make(const T& value) {
    return new (allocate(sizeof(T))) T(value);
  }
  const char* text(std::string_view value);
  void* allocate(size_t size);
  // Takes back all that was allocated.
  void forget() { used_ = 0; }

  // An address inside the ranges where nothing is mapped readable.
  void* unmapped() const;
  // A descriptor that is open and is one of the monitor's.
  int monitor_fd() const { return monitor_fd_.get(); }

 private:
  template <class T>
  static uint64_t to_raw(T value) {
    if constexpr (std::is_null_pointer_v<T>) {
      return 0;
    } else if constexpr (std::is_pointer_v<T>) {
      return reinterpret_cast<uint64_t>(value);
    } else {
      return static_cast<uint64_t>(value);
    }
  }

  mem::test::FakeSlots slots_;
  std::unique_ptr<mem::GuestPhysical> physical_;
  mem::PageTables tables_;
  mem::AddressSpace memory_;  // empty: the tests' memory is mapped beside it
  fd::MonitorFds fds_;
  task::Process process_;
  task::Task task_;
  UniqueFd monitor_fd_;
  size_t used_ = 0;
};

// An object of the monitor: no call may touch it.
void* monitor_address();

// A directory for one test, removed with what is in it.
class ScratchDirectory {
 public:
  ScratchDirectory();
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace kontain::test
