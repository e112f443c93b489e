#include "km/load/loader.h"

#include <sys/mman.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/abi/note.h"
#include "base/checked.h"
#include "base/version.h"
#include "km/elf/parser.h"
#include "km/load/load_plan.h"

namespace kontain::load {
namespace {

constexpr int kStatusMissing = 127;
constexpr int kStatusNotRunnable = 126;
constexpr int kStatusMonitor = 125;
// What Linux gives a new stack beyond its contents (fs/exec.c: setup_arg_pages).
constexpr uint64_t kStackRoom = 128 * 1024;

tl::unexpected<LoadError> host_failure(std::string_view name, std::string_view what, int errno_value) {
  return tl::make_unexpected(LoadError{
      Error{std::string(name), std::string(what), errno_text(errno_value), errno_value}, kStatusMonitor, errno_value});
}

uint32_t own_version() {
  unsigned major = 0, minor = 0, patch = 0;
  std::sscanf(version(), "%u.%u.%u", &major, &minor, &patch);
  return abi::pack_version(major, minor, patch);
}

elf::Parsed<elf::Image> read_program(const ProgramFile& file) {
  TRY_ASSIGN(elf::Image image, elf::parse(file));
  if (image.note) TRY(elf::check_note(*image.note, own_version()));
  // A fixed program that lies outside the guest's ranges never fits; a movable one is tried at the lowest base.
  TRY(plan_load(image, choose_bias(image, mem::kHighStart)));
  return image;
}

tl::unexpected<LoadError> interpreter_missing(std::string_view name, const std::string& path, int errno_value) {
  const int status = errno_value == ENOENT || errno_value == ENOTDIR ? kStatusMissing : kStatusNotRunnable;
  return tl::make_unexpected(LoadError{
      Error{std::string(name), "its interpreter " + path, errno_text(errno_value), errno_value}, status, errno_value});
}

LoadError interpreter_error(const elf::Reject& reject, const std::string& path) {
  LoadError error = to_load_error(reject, path);
  error.errno_value = elf::interpreter_errno(reject);
  return error;
}

Loaded<Program::Interpreter> prepare_interpreter(std::string_view program, const std::string& path,
                                                 const OpenInterpreter& open_interpreter) {
  auto fd = open_interpreter(path);
  if (!fd) return interpreter_missing(program, path, fd.error());
  auto file = ProgramFile::from_fd(std::move(*fd));
  if (!file) return tl::make_unexpected(interpreter_error(file.error(), path));
  auto image = read_program(*file);
  if (!image) return tl::make_unexpected(interpreter_error(image.error(), path));
  return Program::Interpreter{path, std::move(*file), std::move(*image)};
}

Loaded<LoadPlan> make_plan(const elf::Image& image, uint64_t bias, std::string_view name) {
  auto plan = plan_load(image, bias);
  if (!plan) return tl::make_unexpected(to_load_error(plan.error(), name));
  return std::move(*plan);
}

mem::GuestResult<void> carry_out(const MapStep& step, const ProgramFile& file, MapTarget& target) {
  switch (step.kind) {
    case MapStep::Kind::File:
      return target.map_file(file.fd(), step.offset, step.address, step.length, step.protection);
    case MapStep::Kind::Anonymous: return target.map_anonymous(step.address, step.length, step.protection);
    case MapStep::Kind::Zero: break;
  }
  if (!target.zero(step.address, step.length)) return tl::make_unexpected(mem::Errno{EFAULT});
  return {};
}

Loaded<void> carry_out(const LoadPlan& plan, const ProgramFile& file, std::string_view name, MapTarget& target) {
  for (const MapStep& step : plan.steps) {
    const auto done = carry_out(step, file, target);
    if (!done) return host_failure(name, "cannot be mapped", done.error().value);
  }
  return {};
}

// A base for a movable interpreter. Asks for one alignment more when its first page is not itself aligned, because the
// bias has to be.
Loaded<uint64_t> find_interpreter_base(const Program::Interpreter& interpreter, MapTarget& target) {
  const elf::Image& image = interpreter.image;
  if (image.kind == elf::Image::Kind::Fixed) return 0;
  const uint64_t slack = image.low() % image.alignment == 0 ? 0 : image.alignment;
  const std::optional<uint64_t> length = checked_add(image.high() - image.low(), slack);
  const uint64_t base = length ? target.find_free(*length, slack == 0 ? image.alignment : kPageSize) : 0;
  if (base == 0) return host_failure(interpreter.name, "cannot be mapped", ENOMEM);
  return base;
}

// Fixed addresses may be taken: by the stack, or for an interpreter by the program. So may those of a program whose
// memory image reaches up to the stack.
Loaded<void> check_free(const LoadPlan& plan, std::string_view name, uint64_t taken_low, uint64_t taken_high) {
  if (plan.high <= taken_low || taken_high <= plan.low) return {};
  const elf::Reject taken{elf::RejectKind::OutsideGuest, "its addresses are taken by the program or its stack", EEXIST};
  return tl::make_unexpected(to_load_error(taken, name));
}

std::array<std::byte, 16> random_bytes(RandomSource& random) {
  const uint64_t words[] = {random.next(), random.next()};
  std::array<std::byte, 16> bytes;
  std::memcpy(bytes.data(), words, sizeof words);
  return bytes;
}

tl::unexpected<LoadError> too_big(std::string_view name, mem::Errno code) {
  return tl::make_unexpected(
      LoadError{Error{std::string(name), "", errno_text(code.value), code.value}, kStatusNotRunnable, code.value});
}

StackInput stack_input(const StartInput& input, const AddressLayout& layout, RandomSource& random) {
  return {.arguments = input.arguments,
          .environment = input.environment,
          .executable_name = input.executable_name,
          .random = random_bytes(random),
          .auxiliary = input.auxiliary,
          .top = layout.stack_top,
          .skip = layout.stack_skip,
          .stack_limit = input.stack_limit};
}

// Maps the stack with its usual room below `used` bytes of contents; the lowest address that is mapped.
Loaded<uint64_t> map_stack(const Program& program, const AddressLayout& layout, uint64_t used, MapTarget& target) {
  const bool execute = program.image.stack == elf::StackKind::Execute;
  const int protection = PROT_READ | PROT_WRITE | (execute ? PROT_EXEC : 0);
  const uint64_t length = page_up(used + kStackRoom);
  const auto mapped = target.map_stack(layout.stack_top, length, protection);
  if (!mapped) return host_failure(program.name, "no room for its stack", mapped.error().value);
  return layout.stack_top - length;
}

Loaded<LoadPlan> load_interpreter(const Program::Interpreter& interpreter, const LoadPlan& program, uint64_t stack_low,
                                  uint64_t stack_top, MapTarget& target) {
  TRY_ASSIGN(const uint64_t base, find_interpreter_base(interpreter, target));
  TRY_ASSIGN(LoadPlan plan, make_plan(interpreter.image, choose_bias(interpreter.image, base), interpreter.name));
  TRY(check_free(plan, interpreter.name, stack_low, stack_top));
  TRY(check_free(plan, interpreter.name, program.low, program.high));
  TRY(carry_out(plan, interpreter.file, interpreter.name, target));
  return plan;
}

// The heap starts a random distance behind the program, or right behind it where that would leave the guest's ranges.
uint64_t choose_brk(const LoadPlan& plan, const AddressLayout& layout) {
  const uint64_t start = plan.high + layout.brk_skip;
  return mem::in_guest(start, kPageSize) ? start : plan.high;
}

void describe(StartState& state, const LoadPlan& program, const AuxiliaryValues& auxiliary, const InitialStack& stack) {
  state.stack_pointer = stack.stack_pointer;
  state.program_entry = program.entry;
  state.program_bias = program.bias;
  state.program_low = program.low;
  state.program_high = program.high;
  state.interpreter_base = auxiliary.interpreter_base;
  state.stack_top = stack.stack_pointer + stack.bytes.size();
  state.argument_start = stack.argument_start;
  state.argument_end = stack.argument_end;
  state.environment_end = stack.environment_end;
  const auto first = stack.bytes.begin() + static_cast<ptrdiff_t>(stack.auxiliary_start - stack.stack_pointer);
  state.auxiliary_vector.assign(first, first + static_cast<ptrdiff_t>(stack.auxiliary_size));
}

}  // namespace

LoadError to_load_error(const elf::Reject& reject, std::string_view name) {
  return {reject.to_error(name), kStatusNotRunnable, elf::exec_errno(reject)};
}

Loaded<Program> prepare_program(UniqueFd fd, std::string_view name, const OpenInterpreter& open_interpreter) {
  auto file = ProgramFile::from_fd(std::move(fd));
  if (!file) return tl::make_unexpected(to_load_error(file.error(), name));
  auto image = read_program(*file);
  if (!image) return tl::make_unexpected(to_load_error(image.error(), name));
  Program program{std::string(name), std::move(*file), std::move(*image), std::nullopt};
  if (program.image.interpreter) {
    TRY_ASSIGN(program.interpreter, prepare_interpreter(name, *program.image.interpreter, open_interpreter));
  }
  return program;
}

Loaded<StartState> load_program(const Program& program, const StartInput& input, const AddressLayout& layout,
                                RandomSource& random, MapTarget& target) {
  StackInput contents = stack_input(input, layout, random);
  const auto used = measure_initial_stack(contents);
  if (!used) return too_big(program.name, used.error());
  TRY_ASSIGN(const uint64_t stack_low, map_stack(program, layout, *used, target));

  const uint64_t bias = choose_bias(program.image, layout.executable_base);
  TRY_ASSIGN(const LoadPlan plan, make_plan(program.image, bias, program.name));
  TRY(check_free(plan, program.name, stack_low, layout.stack_top));
  TRY(carry_out(plan, program.file, program.name, target));
  contents.auxiliary.program_headers = plan.program_headers;
  contents.auxiliary.program_header_count = program.image.program_header_count;
  contents.auxiliary.entry = plan.entry;

  StartState state;
  state.entry = plan.entry;
  if (program.interpreter) {
    TRY_ASSIGN(const LoadPlan interpreter,
               load_interpreter(*program.interpreter, plan, stack_low, layout.stack_top, target));
    contents.auxiliary.interpreter_base = interpreter.bias;
    state.entry = interpreter.entry;
  }

  const auto stack = build_initial_stack(contents);
  if (!stack) return too_big(program.name, stack.error());
  if (!target.write(stack->stack_pointer, stack->bytes)) {
    return host_failure(program.name, "its stack cannot be written", EFAULT);
  }
  state.brk_start = choose_brk(plan, layout);
  target.reserve_brk(state.brk_start);
  describe(state, plan, contents.auxiliary, *stack);
  return state;
}

}  // namespace kontain::load
