#include <asm-generic/ioctls.h>
#include <asm/termbits.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/sockios.h>

#include "km/trace/flag_tables.h"
#include "km/trace/printers.h"

namespace kontain::trace::ioctls {
namespace {

// struct winsize, which <asm/termios.h> cannot give beside the C library's.
struct WindowSize {
  uint16_t rows, columns, x_pixels, y_pixels;
};

std::string describe_window(const WindowSize& size) {
  return "{ws_row=" + unsigned_decimal(size.rows) + ", ws_col=" + unsigned_decimal(size.columns) +
         ", ws_xpixel=" + unsigned_decimal(size.x_pixels) + ", ws_ypixel=" + unsigned_decimal(size.y_pixels) + "}";
}

constexpr NamedValue kBaudNames[] = {
    {B0, "B0"},         {B1200, "B1200"},   {B2400, "B2400"},   {B4800, "B4800"},     {B9600, "B9600"},
    {B19200, "B19200"}, {B38400, "B38400"}, {B57600, "B57600"}, {B115200, "B115200"}, {B230400, "B230400"},
};
constexpr Vocabulary kBauds = {"B?\?\?", kBaudNames};

std::string describe_termios(const termios& terminal) {
  const auto bit = [](bool set, std::string_view name) { return std::string(set ? " " : " -").append(name); };
  return "{" + one_of(terminal.c_cflag & CBAUD, kBauds) + bit(terminal.c_oflag & OPOST, "opost") +
         bit(terminal.c_lflag & ISIG, "isig") + bit(terminal.c_lflag & ICANON, "icanon") +
         bit(terminal.c_lflag & ECHO, "echo") + " ...}";
}

std::string describe_int(const int32_t& value) { return "[" + decimal(value) + "]"; }

std::string direction(uint64_t value) {
  const uint64_t bits = _IOC_DIR(value);
  if (bits == _IOC_NONE) return "_IOC_NONE";
  if (bits == (_IOC_READ | _IOC_WRITE)) return "_IOC_READ|_IOC_WRITE";
  return bits == _IOC_READ ? "_IOC_READ" : "_IOC_WRITE";
}

enum class Shape { Address, Number, None, IntIn, IntOut, TermiosIn, TermiosOut, WindowIn, WindowOut };

Shape shape_of(uint32_t request) {
  switch (request) {
    case TCGETS: return Shape::TermiosOut;
    case TCSETS:
    case TCSETSW:
    case TCSETSF: return Shape::TermiosIn;
    case TIOCGWINSZ: return Shape::WindowOut;
    case TIOCSWINSZ: return Shape::WindowIn;
    case FIONREAD:
    case TIOCOUTQ:
    case TIOCGPGRP:
    case TIOCGSID:
    case TIOCGPTN:
    case TIOCMGET: return Shape::IntOut;
    case FIONBIO:
    case FIOASYNC:
    case TIOCSPGRP:
    case TIOCSPTLCK: return Shape::IntIn;
    case TCSBRK:
    case TCXONC:
    case TCFLSH:
    case TIOCSCTTY:
    case FICLONE: return Shape::Number;
    case FIOCLEX:
    case FIONCLEX:
    case TIOCEXCL:
    case TIOCNXCL:
    case TIOCNOTTY: return Shape::None;
    default: return Shape::Address;
  }
}

void before(std::string& out, const Call& call, Shape shape, uint64_t value) {
  switch (shape) {
    case Shape::Address: out += hex(value); return;
    case Shape::Number: out += decimal(static_cast<int32_t>(value)); return;
    case Shape::IntIn: out += described<int32_t>(call, value, describe_int); return;
    case Shape::TermiosIn: out += described<termios>(call, value, describe_termios); return;
    case Shape::WindowIn: out += described<WindowSize>(call, value, describe_window); return;
    default: return;
  }
}

void after(std::string& out, const Call& call, Shape shape, size_t index) {
  switch (shape) {
    case Shape::IntOut: return print_out<int32_t, describe_int>(out, call, index);
    case Shape::TermiosOut: return print_out<termios, describe_termios>(out, call, index);
    case Shape::WindowOut: return print_out<WindowSize, describe_window>(out, call, index);
    default: return;
  }
}

}  // namespace

std::string command(uint64_t value) {
  const std::string_view name = find_name(value, kIoctlCmds);
  if (!name.empty()) return std::string(name);
  return "_IOC(" + direction(value) + ", " + hex(_IOC_TYPE(value)) + ", " + hex(_IOC_NR(value)) + ", " +
         hex(_IOC_SIZE(value)) + ")";
}

void arg(std::string& out, const Call& call, size_t index) {
  const Shape shape = shape_of(static_cast<uint32_t>(call.args[index - 1]));
  if (call.result) {
    after(out, call, shape, index);
  } else {
    before(out, call, shape, call.args[index]);
  }
}

}  // namespace kontain::trace::ioctls
