// From what was loaded to what /proc/self tells about it.
#pragma once

#include "km/load/loader.h"
#include "km/task/program_image.h"
#include "km/vcpu/machine.h"

namespace kontain::run {

task::ProgramImage program_image(const load::Program& program, const load::StartState& start,
                                 const vcpu::Machine& machine);

}  // namespace kontain::run
