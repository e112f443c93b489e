// Loads a program in two steps: prepare_program reads and judges (nothing is changed, so an execve can still fail),
// load_program maps it, its interpreter and its stack through a MapTarget.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"
#include "km/elf/image.h"
#include "km/load/initial_stack.h"
#include "km/load/layout.h"
#include "km/load/program_file.h"
#include "km/mem/copy.h"

namespace kontain::load {

// The payload's memory as the loader needs it; km/run implements it over mem::AddressSpace. Addresses and lengths are
// page-aligned and inside the guest's ranges unless said otherwise; protections are PROT_*.
class MapTarget {
 public:
  virtual ~MapTarget() = default;
  // A private file mapping at exactly `address`; replaces what is there.
  virtual mem::GuestResult<void> map_file(const UniqueFd& fd, uint64_t offset, uint64_t address, uint64_t length,
                                          int protection) = 0;
  // Zero pages at exactly `address`; replaces what is there.
  virtual mem::GuestResult<void> map_anonymous(uint64_t address, uint64_t length, int protection) = 0;
  // The main thread's stack, ending at `top`; at least `length` bytes are wanted at once, the rest up to the payload's
  // stack limit now or by growing.
  virtual mem::GuestResult<void> map_stack(uint64_t top, uint64_t length, int protection) = 0;
  // A free run, searched top-down below the layout's mmap_top; 0 when there is none.
  virtual uint64_t find_free(uint64_t length, uint64_t alignment) = 0;
  // Any address and length inside one mapping that allows writing. False when a byte cannot be written.
  [[nodiscard]] virtual bool zero(uint64_t address, uint64_t length) = 0;
  [[nodiscard]] virtual bool write(uint64_t address, std::span<const std::byte> bytes) = 0;
  // Where brk's heap starts, empty.
  virtual void reserve_brk(uint64_t start) = 0;
};

// Why a program was not started, for both callers: the first start prints `error` and ends with `exit_status`, an
// execve returns `errno_value`.
struct LoadError {
  Error error;
  int exit_status = 126;  // 127: a file is missing, 126: no runnable program, 125: the monitor's own failure
  int errno_value = 0;
};

template <class T>
using Loaded = tl::expected<T, LoadError>;

// A program that passed every check that needs no memory. Owns its files.
struct Program {
  std::string name;  // for messages
  ProgramFile file;
  elf::Image image;
  struct Interpreter {
    std::string name;
    ProgramFile file;
    elf::Image image;
  };
  std::optional<Interpreter> interpreter;
};

// Opens PT_INTERP's path for reading, by the caller's rules for payload paths. The error is an errno.
using OpenInterpreter = std::function<tl::expected<UniqueFd, int>(const std::string& path)>;

// `fd` is the opened program, `name` the path in messages. Rejects also what could never be placed and what needs a
// newer km. A script is rejected as NotElf: the caller handles #! first.
Loaded<Program> prepare_program(UniqueFd fd, std::string_view name, const OpenInterpreter& open_interpreter);

struct StartInput {
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
  std::string executable_name;     // AT_EXECFN
  uint64_t stack_limit = 8 << 20;  // soft RLIMIT_STACK, bytes
  // vdso, minimum_signal_stack, hwcap, hwcap2, ids and secure are the caller's; the loader fills in the rest.
  AuxiliaryValues auxiliary;
};

// What the first instruction finds, and what /proc/self tells about it.
struct StartState {
  uint64_t entry = 0;          // RIP: the interpreter's entry, or the program's
  uint64_t stack_pointer = 0;  // RSP; every other general register is 0
  uint64_t program_entry = 0;  // AT_ENTRY
  uint64_t program_bias = 0;
  uint64_t program_low = 0;  // the program's pages, biased
  uint64_t program_high = 0;
  uint64_t interpreter_base = 0;  // AT_BASE, 0 without one
  uint64_t brk_start = 0;
  uint64_t stack_top = 0;
  uint64_t argument_start = 0;
  uint64_t argument_end = 0;  // the environment's strings start here
  uint64_t environment_end = 0;
  std::vector<std::byte> auxiliary_vector;  // as in memory, with AT_NULL
};

// Maps everything into an empty address space and writes the stack. After an error the address space holds parts of
// the program and is of no use.
Loaded<StartState> load_program(const Program& program, const StartInput& input, const AddressLayout& layout,
                                RandomSource& random, MapTarget& target);

// An Error for the file `name`, with the exit status and errno of design §2 and execve(2).
LoadError to_load_error(const elf::Reject& reject, std::string_view name);

}  // namespace kontain::load
