#include "km/run/program_image.h"

#include <algorithm>

namespace kontain::run {
namespace {

// As the kernel counts them (fs/binfmt_elf.c, load_elf_binary): code is what may be executed, data is the last segment.
void add_segments(task::ProgramImage& image, const elf::Image& program, uint64_t bias) {
  for (const elf::Segment& segment : program.segments) {
    const uint64_t start = segment.address + bias;
    const uint64_t end = start + segment.file_size;
    if (segment.flags & elf::kExecute) {
      image.code_start = image.code_start == 0 ? start : std::min(image.code_start, start);
      image.code_end = std::max(image.code_end, end);
    }
    image.data_start = std::max(image.data_start, start);
    image.data_end = std::max(image.data_end, end);
  }
}

}  // namespace

task::ProgramImage program_image(const load::Program& program, const load::StartState& start,
                                 const vcpu::Machine& machine) {
  task::ProgramImage image;
  add_segments(image, program.image, start.program_bias);
  image.break_start = start.brk_start;
  image.stack_pointer = start.stack_pointer;
  image.argument_start = start.argument_start;
  image.argument_end = start.argument_end;
  image.environment_start = start.argument_end;
  image.environment_end = start.environment_end;
  image.vdso_start = machine.vdso_address().value_or(0);
  image.vdso_end = image.vdso_start + machine.vdso_size();
  image.auxiliary_vector = start.auxiliary_vector;
  return image;
}

}  // namespace kontain::run
