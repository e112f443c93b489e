#include "imagebuild/build/user_namespace.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "base/log.h"
#include "base/subprocess.h"
#include "base/text.h"
#include "base/unique_fd.h"

namespace kontain::image::build {
namespace {

constexpr size_t kMostRanges = 16;

// Of /proc/self/uid_map: how many ids there are, and whether they are all and stand for themselves.
struct Map {
  uint64_t ids = 0;
  bool whole = false;
};

Map read_map() {
  std::ifstream file("/proc/self/uid_map");
  Map map;
  uint64_t inside = 0, outside = 0, count = 0;
  while (file >> inside >> outside >> count) {
    map.ids += count;
    map.whole = inside == 0 && outside == 0 && count >= UINT32_MAX;
  }
  return map;
}

std::string file_text(const char* path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The user's name in /etc/passwd, or nothing.
std::string user_name(unsigned long uid) {
  for (const std::string& line : split(file_text("/etc/passwd"), '\n')) {
    const std::vector<std::string> fields = split(line, ':');
    if (fields.size() > 2 && fields[2] == std::to_string(uid)) return fields[0];
  }
  return "";
}

bool write_text(const char* path, const std::string& text) {
  const UniqueFd fd(open(path, O_WRONLY | O_CLOEXEC));
  return fd && write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

Result<std::pair<UniqueFd, UniqueFd>> make_pipe() {
  std::array<int, 2> ends;
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("user namespace", "pipe", errno);
  return std::pair(UniqueFd(ends[0]), UniqueFd(ends[1]));
}

// The two programs, one for users and one for groups. Why it was not done, or nothing.
std::string map_by_programs(pid_t child) {
  struct One {
    const char* program;
    const char* file;
    unsigned long own;
  };
  const unsigned long uid = getuid(), gid = getgid();
  const std::string name = user_name(uid);
  for (const One& one : {One{"newuidmap", "/etc/subuid", uid}, One{"newgidmap", "/etc/subgid", gid}}) {
    const auto ranges = subordinate_ranges(file_text(one.file), name, std::to_string(uid));
    if (ranges.empty()) return std::string(one.file) + " has no range for user " + std::to_string(uid);
    std::vector<std::string> command = {one.program, std::to_string(child)};
    for (std::string& argument : map_arguments(one.own, ranges)) command.push_back(std::move(argument));
    const auto result = run_subprocess(command);
    if (!result) return result.error().message();
    if (result->signal != 0 || result->exit_code != 0)
      return std::string(one.program) + ": " + result->err.substr(0, result->err.find('\n'));
  }
  return "";
}

// What the child and its parent tell each other, one byte each.
enum Word : char { kReady = 'r', kMapped = 'm', kMapYourself = 's' };

bool map_own_ids(unsigned long uid, unsigned long gid) {
  return write_text("/proc/self/setgroups", "deny") &&
         write_text("/proc/self/uid_map", "0 " + std::to_string(uid) + " 1\n") &&
         write_text("/proc/self/gid_map", "0 " + std::to_string(gid) + " 1\n");
}

bool say(int fd, char word) { return write(fd, &word, 1) == 1; }

bool hear(int fd, char& word) { return read(fd, &word, 1) == 1; }

// The child. What is not `work`'s is told by the exit status: an errno.
[[noreturn]] void be_namespace_root(const std::function<std::string()>& work, int from_parent, int to_parent) {
  const unsigned long uid = getuid(), gid = getgid();
  if (unshare(CLONE_NEWUSER) != 0) _exit(errno);
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // behind unshare(2), which clears it
  char word = 0;
  if (!say(to_parent, kReady) || !hear(from_parent, word)) _exit(EPIPE);
  if (word == kMapYourself && !map_own_ids(uid, gid)) _exit(errno);
  const std::string text = work();
  for (size_t sent = 0; sent < text.size();) {
    const ssize_t count = write(to_parent, text.data() + sent, text.size() - sent);
    if (count < 0 && errno != EINTR) _exit(errno);
    if (count > 0) sent += static_cast<size_t>(count);
  }
  std::fflush(nullptr);
  // Locks that the parent holds, too, stay: nothing is destroyed here.
  _exit(0);
}

std::string read_to_end(int fd) {
  std::string text;
  std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t count = read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(buffer.data(), static_cast<size_t>(count));
  }
}

// Gives the child its ids once it is in its namespace; nothing to do for one that is not.
void map_child(pid_t child, int from_child, int to_child) {
  char word = 0;
  if (!hear(from_child, word) || word != kReady) return;
  const std::string obstacle = map_by_programs(child);
  if (!obstacle.empty()) {
    print_warning("without root: " + obstacle +
                  ": every file in RUN steps belongs to root, and USER can name nobody else");
  }
  static_cast<void>(!say(to_child, obstacle.empty() ? kMapped : kMapYourself));
}

}  // namespace

std::vector<IdRange> subordinate_ranges(std::string_view text, std::string_view user, std::string_view uid) {
  std::vector<IdRange> ranges;
  for (const std::string& line : split(text, '\n')) {
    const std::vector<std::string> fields = split(line, ':');
    if (fields.size() != 3 || fields[0].empty() || (fields[0] != user && fields[0] != uid)) continue;
    IdRange range;
    const auto number = [](const std::string& field, unsigned long& value) {
      const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
      return error == std::errc() && end == field.data() + field.size();
    };
    if (!number(fields[1], range.start) || !number(fields[2], range.count) || range.count == 0) continue;
    if (range.start > UINT32_MAX || range.count > UINT32_MAX - range.start) continue;
    if (ranges.size() < kMostRanges) ranges.push_back(range);
  }
  return ranges;
}

std::vector<std::string> map_arguments(unsigned long own, const std::vector<IdRange>& ranges) {
  std::vector<std::string> arguments = {"0", std::to_string(own), "1"};
  unsigned long inside = 1;
  for (const IdRange& range : ranges) {
    for (const unsigned long number : {inside, range.start, range.count}) arguments.push_back(std::to_string(number));
    inside += range.count;
  }
  return arguments;
}

bool in_user_namespace() { return !read_map().whole; }

bool can_give_away_files() { return geteuid() == 0 && read_map().ids > 1; }

Result<std::string> run_as_namespace_root(const std::function<std::string()>& work) {
  TRY_ASSIGN(auto down, make_pipe());
  TRY_ASSIGN(auto up, make_pipe());
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child < 0) return fail_errno("user namespace", "fork", errno);
  if (child == 0) {
    down.second.reset();
    up.first.reset();
    be_namespace_root(work, down.first.get(), up.second.get());
  }
  down.first.reset();
  up.second.reset();
  map_child(child, up.first.get(), down.second.get());
  std::string text = read_to_end(up.first.get());
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status))
    return fail("user namespace", "", "the build in it was ended by signal " + std::to_string(WTERMSIG(status)));
  if (WEXITSTATUS(status) != 0) return fail_errno("user namespace", "", WEXITSTATUS(status));
  return text;
}

}  // namespace kontain::image::build
