#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>

#include "base/text.h"
#include "krun/spec/reader.h"
#include "krun/state/state.h"

namespace kontain::krun::state {
namespace {

constexpr char kStateFile[] = "state.json";
constexpr char kFifo[] = "exec.fifo";
constexpr size_t kLargest = 4 << 20;
constexpr int kStartPatience = 30'000;  // milliseconds, for startContainer hooks
// How long start waits for a program to settle: by the processor time that it takes, so that a busy machine makes no
// difference; and altogether.
constexpr int64_t kSettleProcessorTime = 50'000'000;  // nanoseconds
constexpr int kSettleStep = 20;                       // milliseconds
constexpr int kSettleSteps = 50;
constexpr int kOnePage = 4096;
// The first byte wakes init; the second one km takes when the program is about to run (base/abi/start_order.h).
constexpr char kGo[] = "go";

Result<void> make_folders(const std::string& path) {
  if (mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  if (errno != ENOENT || path.find('/', 1) == std::string::npos) return fail_errno("mkdir", path, errno);
  TRY(make_folders(path.substr(0, path.rfind('/'))));
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return fail_errno("mkdir", path, errno);
  return {};
}

Result<void> write_all(int fd, const std::string& text, const std::string& path) {
  for (size_t done = 0; done < text.size();) {
    const ssize_t count = ::write(fd, text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno("write", path, errno);
    done += static_cast<size_t>(count);
  }
  return {};
}

// Whether the bytes are in the pipe: the one that reads them may end at any time.
bool write_to_pipe(int fd, const std::string& bytes) {
  const auto before = signal(SIGPIPE, SIG_IGN);
  const ssize_t count = ::write(fd, bytes.data(), bytes.size());
  signal(SIGPIPE, before);
  return count == static_cast<ssize_t>(bytes.size());
}

// What has happened to `fd`: of `events`, or to its other end; 0: nothing in time.
short wait_for(int fd, short events, int milliseconds) {
  pollfd entry = {fd, events, 0};
  while (poll(&entry, 1, milliseconds) < 0 && errno == EINTR) {
  }
  return entry.revents;
}

// Nothing: there is no such process.
std::optional<int64_t> processor_time(pid_t pid) {
  clockid_t clock = 0;
  timespec time = {};
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) != 0) return std::nullopt;
  return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

void wait_until_settled(int pipe, pid_t pid) {
  const auto before = processor_time(pid);
  for (int i = 0; i < kSettleSteps; ++i) {
    if (wait_for(pipe, 0, kSettleStep) != 0) return;
    const auto now = processor_time(pid);
    if (!before || !now || *now - *before > kSettleProcessorTime) return;
  }
}

}  // namespace

Lock& Lock::operator=(Lock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Lock::~Lock() {
  if (fd_) flock(fd_.get(), LOCK_UN);
}

bool is_host_root() {
  const auto map = spec::read_file("/proc/self/uid_map", 4096);
  return geteuid() == 0 && map && map->find("4294967295") != std::string::npos;
}

std::string default_root() {
  if (is_host_root()) return "/run/krun";
  const char* runtime = getenv("XDG_RUNTIME_DIR");
  return runtime && *runtime ? std::string(runtime) + "/krun" : "/tmp/krun-" + std::to_string(geteuid());
}

Result<Folder> Folder::make(const std::string& root, const std::string& id) {
  TRY(check_id(id));
  TRY(make_folders(root));
  const std::string path = root + "/" + id;
  if (mkdir(path.c_str(), 0711) != 0) {
    if (errno == EEXIST) return fail("container with id exists", id, "container with given ID already exists");
    return fail_errno("mkdir", path, errno);
  }
  return Folder(path, id);
}

Result<Folder> Folder::open(const std::string& root, const std::string& id) {
  TRY(check_id(id));
  const std::string path = root + "/" + id;
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return fail("container \"" + id + "\" does not exist", "", "");
  return Folder(path, id);
}

Result<void> Folder::lock() {
  UniqueFd fd(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fail_errno("lock", path_, errno);
  int result = 0;
  do {
    result = flock(fd.get(), LOCK_EX);
  } while (result != 0 && errno == EINTR);
  if (result != 0) return fail_errno("lock", path_, errno);
  lock_ = Lock(std::move(fd));
  return {};
}

Result<State> Folder::read() const {
  const std::string path = file(kStateFile);
  auto text = spec::read_file(path, kLargest);
  if (!text && text.error().errno_value == ENOENT) {
    State unfinished;  // krun ended before it wrote any
    unfinished.id = id_;
    return unfinished;
  }
  if (!text) return tl::make_unexpected(text.error());
  return decode(*text, path);
}

Result<void> Folder::write(const State& state) const { return write_file(kStateFile, encode(state)); }

Result<void> Folder::write_file(const char* name, const std::string& text) const {
  const std::string path = file(name);
  const std::string temporary = path + ".new";
  {
    const UniqueFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!fd) return fail_errno("create", temporary, errno);
    TRY(write_all(fd.get(), text, temporary));
  }
  if (rename(temporary.c_str(), path.c_str()) != 0) return fail_errno("rename", path, errno);
  return {};
}

Result<void> Folder::make_fifo() const {
  if (mkfifo(file(kFifo).c_str(), 0600) != 0) return fail_errno("mkfifo", file(kFifo), errno);
  return {};
}

Result<UniqueFd> Folder::open_fifo_to_wait() const {
  UniqueFd fd(::open(file(kFifo).c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!fd || flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return fail_errno("open", file(kFifo), errno);
  return fd;
}

void stop_waiting(const UniqueFd& fifo) { flock(fifo.get(), LOCK_UN); }

// That the file is there says too little: start may have been killed before it took it away.
bool Folder::is_waited_for() const {
  const UniqueFd fd(::open(file(kFifo).c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  return fd && flock(fd.get(), LOCK_SH | LOCK_NB) != 0;
}

Result<Begun> Folder::signal_start(pid_t init) const {
  const UniqueFd fd(::open(file(kFifo).c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  if (!fd && errno == ENXIO) return fail("container process is already dead", "", "");
  if (!fd) return fail("cannot start a container that has already started", "", "");
  fcntl(fd.get(), F_SETPIPE_SZ, kOnePage);
  // It may have been written by one that was killed right behind that.
  int written = 0;
  const bool was_written = ioctl(fd.get(), FIONREAD, &written) == 0 && written > 0;
  if (!was_written && !write_to_pipe(fd.get(), kGo)) return fail_errno("start", file(kFifo), errno);
  unlink(file(kFifo).c_str());
  // The pipe has room for one write: it can be written to again when both bytes were taken. The only reader is the
  // container's process.
  const short events = wait_for(fd.get(), POLLOUT, kStartPatience);
  if (events == POLLERR) return Begun::No;
  if (events == POLLOUT) wait_until_settled(fd.get(), init);
  return Begun::Yes;
}

void Folder::remove() {
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(opendir(path_.c_str()), closedir);
  if (stream) {
    while (const dirent* entry = readdir(stream.get())) unlinkat(dirfd(stream.get()), entry->d_name, 0);
  }
  rmdir(path_.c_str());
}

std::vector<std::string> list(const std::string& root) {
  std::vector<std::string> ids;
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(opendir(root.c_str()), closedir);
  if (!stream) return ids;
  while (const dirent* entry = readdir(stream.get())) {
    if (check_id(entry->d_name) && entry->d_type == DT_DIR) ids.emplace_back(entry->d_name);
  }
  std::ranges::sort(ids);
  return ids;
}

std::optional<uint64_t> process_start_time(pid_t pid) {
  const auto text = spec::read_file("/proc/" + std::to_string(pid) + "/stat", 64 << 10);
  if (!text) return std::nullopt;
  // The name, in brackets, may hold anything.
  const size_t bracket = text->rfind(')');
  if (bracket == std::string::npos || bracket + 2 > text->size()) return std::nullopt;
  const std::vector<std::string> fields = split(text->substr(bracket + 2), ' ');
  constexpr size_t kState = 0, kStartTime = 19;  // proc(5), fields 3 and 22
  if (fields.size() <= kStartTime || fields[kState] == "Z" || fields[kState] == "X") return std::nullopt;
  return std::strtoull(fields[kStartTime].c_str(), nullptr, 10);
}

Status status_of(const State& state, const Folder& folder) {
  if (state.pid == 0) return state.created ? Status::Stopped : Status::Creating;
  const auto start_time = process_start_time(state.pid);
  if (!start_time || *start_time != state.start_time) return Status::Stopped;
  if (!state.created) return Status::Creating;
  if (state.cgroup.is_frozen()) return Status::Paused;
  return folder.is_waited_for() ? Status::Created : Status::Running;
}

}  // namespace kontain::krun::state
