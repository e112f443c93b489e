#include "tests/unit/sys/guest.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "base/abi/syscalls.h"
#include "base/procfs.h"
#include "km/mem/copy.h"
#include "km/sys/table.h"

namespace kontain::test {
namespace {

constexpr uint64_t kBase = 0x5660'0000'0000;
constexpr size_t kSize = 4 << 20;
constexpr size_t kGuard = 1 << 20;  // the last part is inaccessible

// Not used by the handlers under test; it only has to exist.
alignas(64) std::array<std::byte, sizeof(vcpu::Cpu)> g_cpu_storage;

}  // namespace

Guest::Guest()
    : physical_(std::move(mem::GuestPhysical::create(slots_).value())),
      tables_(mem::PageTables::create(*physical_).value()),
      memory_(*physical_, tables_),
      process_(memory_, fds_),
      task_(process_, *reinterpret_cast<vcpu::Cpu*>(g_cpu_storage.data()), gettid()) {
  process_.set_executable("/usr/bin/payload");
  mem::install_fault_fixup();  // each time: the test runner has put its own handler there
  const auto address = reinterpret_cast<void*>(kBase);
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
  if (mmap(address, kSize, PROT_READ | PROT_WRITE, kFlags, -1, 0) != address) throw std::runtime_error("guest range");
  mprotect(static_cast<char*>(address) + kSize - kGuard, kGuard, PROT_NONE);
  auto adopted = fds_.adopt(UniqueFd(open("/dev/null", O_RDWR | O_CLOEXEC)));
  if (!adopted) throw std::runtime_error(adopted.error().message());
  monitor_fd_ = std::move(*adopted);
}

Guest::~Guest() {
  if (process_.proc_root != nullptr) {
    hold_procfs(-1);
    close(process_.proc_root->fd);
    close(process_.proc_root->smaps_fd);
  }
  delete process_.proc_root;
  munmap(reinterpret_cast<void*>(kBase), kSize);
}

int64_t Guest::call_raw(std::string_view name, std::initializer_list<uint64_t> args) {
  const abi::SyscallRow* row = abi::find_syscall(name);
  if (row == nullptr) throw std::invalid_argument(std::string(name));
  take_open_descriptors();
  sys::RawArgs raw{};
  std::copy(args.begin(), args.end(), raw.begin());
  return sys::dispatch(task_, row->number, raw).raw();
}

void Guest::take_open_descriptors() {
  const UniqueFd proc(open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC));
  for (const int number : fd::open_descriptors(proc.get())) {
    if (number != proc.get() && !fds_.is_monitor_fd(number)) process_.descriptors().publish(number);
  }
}

void* Guest::allocate(size_t size) {
  constexpr size_t kAlignment = 64;
  const size_t start = used_;
  used_ += (size + kAlignment - 1) / kAlignment * kAlignment;
  if (used_ > kSize - kGuard) throw std::bad_alloc();
  return reinterpret_cast<void*>(kBase + start);
}

const char* Guest::text(std::string_view value) {
  auto* copy = static_cast<char*>(allocate(value.size() + 1));
  value.copy(copy, value.size());
  return copy;
}

void* Guest::unmapped() const { return reinterpret_cast<void*>(kBase + kSize - kGuard + 64); }

void* monitor_address() {
  // Not a static object: this program, unlike the monitor, may have been loaded inside a guest range.
  static void* const object = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mem::in_guest(reinterpret_cast<uint64_t>(object), 1)) throw std::runtime_error("inside the guest ranges");
  return object;
}

ScratchDirectory::ScratchDirectory() {
  std::string pattern = (std::filesystem::temp_directory_path() / "kontain-sys-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
  path_ = pattern;
}

ScratchDirectory::~ScratchDirectory() { std::filesystem::remove_all(path_); }

}  // namespace kontain::test
