#include "km/run/handover.h"

#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace kontain::run {
namespace {

constexpr auto& kVariable = abi::kStartOrderVariable;
constexpr char kMagic[] = "Kontain handover 1";
constexpr char kStartLimitsMagic[] = "Kontain limits 1";
constexpr int kSeals = abi::kStartOrderSeals;
constexpr size_t kLargest = 64 << 20;

// Both directions visit the fields in one order (visit_fields), so they cannot disagree.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}
  void number(const uint64_t& value) { out_.append(reinterpret_cast<const char*>(&value), sizeof value); }
  void text(const std::string& value) {
    number(value.size());
    out_ += value;
  }
  template <class T>
  void bytes(const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    out_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  static constexpr bool kReads = false;

 private:
  std::string& out_;
};

class Reader {
 public:
  explicit Reader(const std::string& in) : in_(in) {}
  template <class T>
  void bytes(T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    if (failed_ || in_.size() - at_ < sizeof value) {
      failed_ = true;
      return;
    }
    std::memcpy(&value, in_.data() + at_, sizeof value);
    at_ += sizeof value;
  }
  void number(uint64_t& value) {
    value = 0;
    bytes(value);
  }
  void text(std::string& value) {
    uint64_t size = 0;
    number(size);
    if (failed_ || in_.size() - at_ < size) {
      failed_ = true;
      return;
    }
    value = in_.substr(at_, size);
    at_ += size;
  }
  bool is_complete() const { return !failed_ && at_ == in_.size(); }
  bool failed() const { return failed_; }
  static constexpr bool kReads = true;

 private:
  const std::string& in_;
  size_t at_ = 0;
  bool failed_ = false;
};

template <class Archive, class T>
void visit_number(Archive& archive, T& value) {
  auto raw = static_cast<uint64_t>(value);
  archive.number(raw);
  if constexpr (Archive::kReads) value = static_cast<std::remove_const_t<T>>(raw);
}

template <class Archive, class Strings>
void visit_strings(Archive& archive, Strings& strings) {
  uint64_t count = strings.size();
  archive.number(count);
  if constexpr (Archive::kReads) {
    for (uint64_t i = 0; i < count && !archive.failed(); ++i) archive.text(strings.emplace_back());
  } else {
    for (const std::string& text : strings) archive.text(text);
  }
}

template <class Archive, class Options>
void visit_options(Archive& archive, Options& options) {
  uint64_t traces = options.trace_filter.has_value();
  archive.number(traces);
  if (traces != 0) {
    if constexpr (Archive::kReads) options.trace_filter.emplace();
    archive.text(*options.trace_filter);
  }
  visit_number(archive, options.huge_pages);
  visit_number(archive, options.calls);
  visit_number(archive, options.randomize);
  archive.bytes(options.clock);
  archive.bytes(options.random_seed);
}

template <class Archive, class Facts>
void visit_host(Archive& archive, Facts& host) {
  uint64_t is_known = host.has_value();
  archive.number(is_known);
  if (is_known == 0) return;
  if constexpr (Archive::kReads) host.emplace();
  visit_number(archive, host->recipe);
  uint64_t count = host->cpuid.size();
  archive.number(count);
  if constexpr (Archive::kReads) {
    for (uint64_t i = 0; i < count && !archive.failed(); ++i) archive.bytes(host->cpuid.emplace_back());
  } else {
    for (const kvm_cpuid_entry2& leaf : host->cpuid) archive.bytes(leaf);
  }
  visit_number(archive, host->call_cost.exit);
  visit_number(archive, host->call_cost.syscall);
}

template <class Archive, class State>
void visit_fields(Archive& archive, State& state) {
  archive.text(state.name);
  archive.text(state.executable_name);
  archive.text(state.executable);
  visit_strings(archive, state.arguments);
  visit_strings(archive, state.environment);
  visit_options(archive, state.options);
  visit_host(archive, state.host);
  archive.bytes(state.limits);
  archive.number(state.signal_mask);
  archive.bytes(state.personality);
  visit_strings(archive, state.seccomp_filters);
  for (auto* fd : {&state.program_fd, &state.interpreter_fd, &state.kvm_fd, &state.self_fd, &state.trace_fd,
                   &state.registry_fd, &state.procfs_fd}) {
    visit_number(archive, *fd);
  }
  visit_number(archive, state.trace_names_threads);
  archive.text(state.registry_path);
  archive.number(state.run_device);
  archive.bytes(state.clock);
  archive.bytes(state.random);
  visit_number(archive, state.shares_folders);
}

bool started_through_descriptor() {
  const auto* name = reinterpret_cast<const char*>(getauxval(AT_EXECFN));
  return name && std::strncmp(name, "/dev/fd/", 8) == 0;
}

std::optional<std::string> read_sealed(int number) {
  struct stat status;
  if (number < 0 || fcntl(number, F_GET_SEALS) != kSeals || fstat(number, &status) != 0) return std::nullopt;
  const auto size = static_cast<size_t>(status.st_size);
  if (size > kLargest) return std::nullopt;
  std::string bytes(size, '\0');
  if (pread(number, bytes.data(), size, 0) != status.st_size) return std::nullopt;
  return bytes;
}

// The payload's limit on the size of files is the host's, and holds for memory files too.
class FileSizeRoom {
 public:
  FileSizeRoom() {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit room = {before_.rlim_max, before_.rlim_max};
    if (before_.rlim_cur != room.rlim_cur) setrlimit(RLIMIT_FSIZE, &room);
  }
  ~FileSizeRoom() {
    if (before_.rlim_cur != before_.rlim_max) setrlimit(RLIMIT_FSIZE, &before_);
  }
  FileSizeRoom(const FileSizeRoom&) = delete;
  FileSizeRoom& operator=(const FileSizeRoom&) = delete;

 private:
  rlimit before_{};
};

Result<UniqueFd> make_sealed(const std::string& bytes) {
  const FileSizeRoom room;
  UniqueFd fd(memfd_create("km", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) return fail_errno("memfd_create", "", errno);
  if (pwrite(fd.get(), bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()) ||
      fcntl(fd.get(), F_ADD_SEALS, kSeals) != 0) {
    return fail_errno("memfd", "", errno);
  }
  return fd;
}

// The number of the memory file that this process was started with; -1: none.
int given_number() {
  const char* value = started_through_descriptor() ? getenv(kVariable) : nullptr;
  return value ? std::atoi(value) : -1;
}

}  // namespace

std::string encode_handover(const Handover& handover) {
  std::string bytes(kMagic);
  Writer writer(bytes);
  visit_fields(writer, handover);
  return bytes;
}

std::optional<Handover> decode_handover(const std::string& bytes) {
  constexpr size_t kMagicSize = sizeof kMagic - 1;
  if (bytes.compare(0, kMagicSize, kMagic) != 0) return std::nullopt;
  const std::string fields = bytes.substr(kMagicSize);
  Handover handover;
  Reader reader(fields);
  visit_fields(reader, handover);
  if (!reader.is_complete()) return std::nullopt;
  return handover;
}

Result<UniqueFd> make_handover_file(const Handover& handover) { return make_sealed(encode_handover(handover)); }

std::string handover_variable(int number) { return std::string(kVariable) + "=" + std::to_string(number); }

std::optional<Handover> take_handover() {
  const int number = given_number();
  const auto bytes = read_sealed(number);
  if (!bytes) return std::nullopt;
  auto handover = decode_handover(*bytes);
  if (handover) close(number);
  return handover;
}

Result<UniqueFd> make_start_limits_file(const mem::StartLimits& limits) {
  std::string bytes(kStartLimitsMagic);
  Writer(bytes).bytes(limits);
  return make_sealed(bytes);
}

std::optional<mem::StartLimits> take_start_limits() {
  constexpr size_t kMagicSize = sizeof kStartLimitsMagic - 1;
  const int number = given_number();
  const auto bytes = read_sealed(number);
  if (!bytes || bytes->compare(0, kMagicSize, kStartLimitsMagic) != 0) return std::nullopt;
  const std::string fields = bytes->substr(kMagicSize);
  mem::StartLimits limits;
  Reader reader(fields);
  reader.bytes(limits);
  if (!reader.is_complete()) return std::nullopt;
  close(number);
  unsetenv(kVariable);
  return limits;
}

std::optional<abi::StartOrder> take_start_order() {
  const int number = given_number();
  const auto bytes = read_sealed(number);
  if (!bytes) return std::nullopt;
  auto order = abi::decode_start_order(*bytes);
  if (!order) return std::nullopt;
  close(number);
  unsetenv(kVariable);
  return order;
}

Result<UniqueFd> make_start_order_file(const abi::StartOrder& order) {
  return make_sealed(abi::encode_start_order(order));
}

void execute_again(const UniqueFd& file, char** argv, char** environment, int self_fd) {
  const UniqueFd self = self_fd >= 0 ? UniqueFd(fcntl(self_fd, F_DUPFD_CLOEXEC, 0)) : mem::open_own_executable();
  if (!self || fcntl(file.get(), F_SETFD, 0) != 0) return;
  std::string variable = handover_variable(file.get());
  std::vector<char*> strings = {variable.data()};
  for (char** entry = environment; *entry; ++entry) {
    if (std::strncmp(*entry, kVariable, sizeof kVariable - 1) != 0) strings.push_back(*entry);
  }
  strings.push_back(nullptr);
  execveat(self.get(), "", argv, strings.data(), AT_EMPTY_PATH);
}

}  // namespace kontain::run
