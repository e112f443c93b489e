#include "krun/console/console.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "krun/sandbox/mounts.h"
#include "krun/sandbox/paths.h"

namespace kontain::krun::console {
namespace {

bool write_all(int fd, const char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t count = write(fd, bytes, size);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes += count;
    size -= static_cast<size_t>(count);
  }
  return true;
}

bool relay(int from, int to) {
  char buffer[8192];
  ssize_t count = 0;
  do {
    count = read(from, buffer, sizeof buffer);
  } while (count < 0 && errno == EINTR);
  return count > 0 && write_all(to, buffer, static_cast<size_t>(count));
}

}  // namespace

Result<Terminal> make_terminal(int root, const spec::ConsoleSize& size) {
  constexpr int kFlags = O_RDWR | O_NOCTTY;
  auto master = sandbox::open_in_root(root, "/dev/pts/ptmx", kFlags);
  if (!master) {
    master = UniqueFd(open("/dev/ptmx", kFlags | O_CLOEXEC));
    if (!*master) return fail_errno("open", "/dev/ptmx", errno);
  }
  const int unlocked = 0;
  if (ioctl(master->get(), TIOCSPTLCK, &unlocked) != 0) return fail_errno("terminal", "TIOCSPTLCK", errno);
  UniqueFd slave(ioctl(master->get(), TIOCGPTPEER, kFlags | O_CLOEXEC));
  if (!slave) return fail_errno("terminal", "TIOCGPTPEER", errno);
  if (size.height != 0 || size.width != 0) {
    const winsize wanted = {size.height, size.width, 0, 0};
    if (ioctl(master->get(), TIOCSWINSZ, &wanted) != 0) return fail_errno("process.consoleSize", "", errno);
  }
  return Terminal{std::move(*master), std::move(slave)};
}

Result<void> bind_to_console(int root, const Terminal& terminal) {
  const UniqueFd tree(open_tree(terminal.slave.get(), "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
  if (!tree) return fail_errno("bind", "/dev/console", errno);
  TRY_ASSIGN(const UniqueFd place, sandbox::make_file_in_root(root, "/dev/console"));
  return sandbox::attach(tree.get(), place.get(), "/dev/console");
}

Result<void> use_terminal(const Terminal& terminal) {
  if (ioctl(terminal.slave.get(), TIOCSCTTY, 0) != 0) return fail_errno("terminal", "TIOCSCTTY", errno);
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (dup2(terminal.slave.get(), number) < 0) return fail_errno("terminal", "dup2", errno);
  }
  return {};
}

Result<UniqueFd> connect_console_socket(const std::string& path) {
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return fail_errno("socket", "", errno);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  // A long path is reached through its folder.
  std::string name = path;
  UniqueFd folder;
  if (name.size() >= sizeof address.sun_path) {
    folder.reset(open(sandbox::parent_of(path).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    name = sandbox::fd_path(folder.get()) + "/" + sandbox::name_of(path);
  }
  if (name.size() >= sizeof address.sun_path) return fail_errno("--console-socket", path, ENAMETOOLONG);
  std::memcpy(address.sun_path, name.c_str(), name.size() + 1);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return fail_errno("--console-socket", path, errno);
  }
  return fd;
}

Result<void> send_descriptor(int socket, int fd, const std::string& message) {
  std::string text = message.empty() ? "x" : message;
  iovec part = {text.data(), text.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof fd)] = {};
  msghdr header = {};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  cmsghdr* rights = CMSG_FIRSTHDR(&header);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof fd);
  std::memcpy(CMSG_DATA(rights), &fd, sizeof fd);
  if (sendmsg(socket, &header, MSG_NOSIGNAL) < 0) return fail_errno("send the terminal", "", errno);
  return {};
}

Result<UniqueFd> receive_descriptor(int socket) {
  char text[64];
  iovec part = {text, sizeof text};
  int fd = -1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof fd)] = {};
  msghdr header = {};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  if (recvmsg(socket, &header, MSG_CMSG_CLOEXEC) < 0) return fail_errno("receive the terminal", "", errno);
  const cmsghdr* rights = CMSG_FIRSTHDR(&header);
  if (!rights || rights->cmsg_type != SCM_RIGHTS || rights->cmsg_len != CMSG_LEN(sizeof fd)) {
    return fail("receive the terminal", "", "the process ended before");
  }
  std::memcpy(&fd, CMSG_DATA(rights), sizeof fd);
  return UniqueFd(fd);
}

struct Relay::Saved {
  termios attributes;
};

Relay::Relay(UniqueFd master) : master_(std::move(master)) {
  termios current;
  if (tcgetattr(STDIN_FILENO, &current) == 0) {
    saved_ = new Saved{current};
    cfmakeraw(&current);
    tcsetattr(STDIN_FILENO, TCSANOW, &current);
  }
  resize();
}

Relay::~Relay() {
  if (saved_) tcsetattr(STDIN_FILENO, TCSANOW, &saved_->attributes);
  delete saved_;
}

void Relay::resize() const {
  winsize size;
  if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0) ioctl(master_.get(), TIOCSWINSZ, &size);
}

bool Relay::from_master() { return relay(master_.get(), STDOUT_FILENO); }
bool Relay::from_stdin() { return relay(STDIN_FILENO, master_.get()); }

}  // namespace kontain::krun::console
